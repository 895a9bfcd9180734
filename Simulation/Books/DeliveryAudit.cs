using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>Alerts, purchases, declined charges and gifts after a run: who wants to be told was told of each, or will be, under one name, and of nothing that was not.</summary>
internal sealed class DeliveryAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    // What cannot be delivered for longer is given up, and then forgotten.
    private static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    public async Task CheckAsync()
    {
        // Calendars are set back by a minute, and wrong clocks are wrong by five.
        var doubt = TimeSpan.FromMinutes(world.Plan.HasWrongClocks ? 15 : 2);
        var waiting = await world.Books.ReadTableAsync(TableNames.Outbox);
        foreach (var (user, since) in world.Letterbox.Since)
        {
            var letters = world.Letterbox.Letters.Where(letter => letter.Account == user && letter.About is not null).ToList();
            foreach (var told in letters.GroupBy(letter => letter.About!, StringComparer.Ordinal).Where(told => told.DistinctBy(letter => letter.Id).Count() > 1))
            {
                world.Violate($"{user} was told of {told.Key} under several names: {string.Join(", ", told)}.");
            }

            var facts = await FactsAsync(user);
            var recorded = accounts[user].Operations.Select(operation => operation.OperationId).ToHashSet(StringComparer.Ordinal);
            foreach (var decline in (await world.Books.ReadOrdersAsync(user)).SelectMany(DeclinesOf).Where(decline => !recorded.Contains(decline.Trace)))
            {
                world.Violate($"{user}: nobody was to be told of {decline.Id}.");
            }

            foreach (var fact in facts.Where(fact => fact.At > since + doubt && fact.At > world.Time.GetUtcNow() - Patience))
            {
                var isWaiting = waiting.Any(row => row.GetString("Account") == user && $"{row.GetString("Source")} {row.GetString("Body")}".Contains(fact.Trace, StringComparison.Ordinal));
                var times = letters.Count(letter => letter.About == fact.Id);
                world.Coverage.Add($"{fact.Kind} told", times > 0);
                world.Coverage.Add($"{fact.Kind} told more than once", times > 1);
                if (times == 0 && !isWaiting)
                {
                    world.Violate($"{user} was not told of {fact}.");
                }
            }

            var known = facts.Select(fact => fact.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var invented in letters.Where(letter => !known.Contains(letter.About!)))
            {
                world.Violate($"{user} was told of what never was: {invented}.");
            }
        }

        CheckCalm();
    }

    private async Task<List<Fact>> FactsAsync(string user)
    {
        var rows = accounts[user];
        var operations = rows.Operations.ToDictionary(operation => operation.OperationId, StringComparer.Ordinal);
        var orders = await world.Books.ReadOrdersAsync(user);
        return
        [
            .. rows.Alerts.Select(alert => new Fact("alert", alert.Id, alert.Subject, alert.At)),
            .. orders.Where(order => operations.ContainsKey(order.OperationId)).Select(order => new Fact("purchase", order.Id, order.Id, operations[order.OperationId].At)),
            .. orders.SelectMany(order => DeclinesOf(order)).Where(decline => operations.ContainsKey(decline.Trace)).Select(decline => new Fact("decline", decline.Id, decline.Trace, operations[decline.Trace].At)),
            .. rows.Entries.Where(entry => entry is { Kind: EntryKind.GiftIn, Reason: "gift" }).Select(entry => new Fact("gift", entry.OperationId["gift-".Length..], entry.OperationId, entry.At)),
        ];
    }

    /// <summary>Each try without the payer that was declined is on record, to be told of.</summary>
    private static IEnumerable<(string Id, string Trace)> DeclinesOf(Order order) => order.IsOffSession ? order.Declined.Select((_, i) => ($"{order.Id}#{i + 1}", $"declined-{order.Id}-{i + 1}")) : [];

    private void CheckCalm()
    {
        // Without troubles nothing is repeated; clocks further apart than a claim lasts are one.
        var isCalm = world.Plan is { StorageTroubleShare: 0, ProviderTroubleShare: 0, HasOutages: false, HasCrashes: false, HasWrongClocks: false, ConflictShare: 0 };
        foreach (var repeated in world.Letterbox.Letters.GroupBy(letter => letter.Id, StringComparer.Ordinal).Where(letter => isCalm && letter.Count() > 1))
        {
            world.Violate($"{repeated.Key} was sent {repeated.Count()} times, and nothing went wrong.");
        }
    }

    /// <param name="Trace">What a row that waits to be delivered says of it.</param>
    private sealed record Fact(string Kind, string Id, string Trace, DateTimeOffset At);
}
