using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>A team whose founder was forgotten, after a run: nothing is left that would be paid for, and nothing was since the founder was told so.</summary>
internal sealed class FounderAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    public async Task CheckAsync()
    {
        var orders = await world.Books.ReadOrdersAsync(Team.Account);
        orders.ToList().ForEach(order => world.Coverage.Add($"order of a team, {order.Kind} {order.Status}".ToLowerInvariant()));
        var told = world.Exchanges.FindLast(exchange => exchange is { User: Team.Owner, Method: "DELETE", Path: "api/account", Reply.Status: 200 });
        var back = world.Exchanges.FindLast(exchange => exchange is { User: Team.Owner, Method: "POST", Path: "api/teams" });
        if (told is null || back is null || back.LastBeforeItsEnd >= told.Number || accounts.GetValueOrDefault(Team.Account) is not { State: { } state } rows)
        {
            return;
        }

        world.Coverage.Add("team whose founder is gone");
        await CheckLeftoversAsync(state);
        foreach (var order in orders.Where(order => order.IsOfPlan || order.IsOffSession))
        {
            CheckOrder(order, rows, told);
        }
    }

    private async Task CheckLeftoversAsync(AccountState state)
    {
        if (!state.IsFounderless || state.Members.ContainsKey(Team.Owner) || state.Subscription is { Renewal: RenewalKind.Paid, GoesOn: true })
        {
            world.Violate($"The team's founder is gone, and its account does not know: {state}.");
        }

        // A word of a renewal may be there: a page that is paid on later leaves one before it is paid back. The plan itself does not go on, as was seen above.
        foreach (var row in await world.Books.ReadTableAsync(TableNames.Orders))
        {
            var isPayer = row.PartitionKey == Team.Account && row.RowKey == "payer";
            if ((isPayer && StoredJson.Read<Payer>(row.GetString("Body")) is not { CustomerId: null, TopUp: null, OpenTopUp: null }) || (row.PartitionKey == "|TopUp" && row.GetString("Account") == Team.Account))
            {
                world.Violate($"The team's founder is gone, and how they paid is still there: {row.PartitionKey} {row.RowKey} {row.GetString("Body")}.");
            }
        }

        if ((await world.Books.ReadTableAsync(TableNames.Accounts, Team.Account)).Any(row => row.RowKey == "notifications"))
        {
            world.Violate("The team's founder is gone, and its news still go to them.");
        }
    }

    private void CheckOrder(Order order, AccountRowsRead rows, Exchange told)
    {
        world.Coverage.Add("order of a team paid back because its founder was gone", order.UndeliverableAt is not null);
        // Calendars are set back by a minute, and wrong clocks are wrong by five.
        var doubt = TimeSpan.FromMinutes(world.Plan.HasWrongClocks ? 15 : 2);
        if (rows.Operations.Find(operation => operation.OperationId == order.OperationId) is { } given && given.At > told.EndedAt + doubt)
        {
            world.Violate($"{order} was delivered by {given} after the team's founder had gone.");
        }

        foreach (var payment in (world.Stripe?.Payments ?? []).Where(payment => OrderOf(payment) == order.Id && IsAfter(payment, told)))
        {
            world.Coverage.Add("charge that was under way when a team's founder went");
            if (order.LostCents < order.Price.AmountCents)
            {
                world.Violate($"{order} was charged after the team's founder had gone, and not paid back: {payment.ToJsonString()}.");
            }
        }
    }

    private bool IsAfter(JsonObject payment, Exchange told) => world.Stripe!.AskedFor.GetValueOrDefault((string)payment["id"]!) > told.LastBeforeItsEnd;

    private static string OrderOf(JsonObject payment) => (string)payment["metadata"]!["order_id"]!;
}
