using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>Purchases and gifts after a run: what was paid for was credited once, what was not was not, and what one gave away the other has.</summary>
internal sealed class ShopAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    public async Task CheckAsync()
    {
        foreach (var user in accounts.Keys)
        {
            foreach (var order in (await world.Books.ReadOrdersAsync(user)).Where(order => !Fulfilment.IsSettled(order)))
            {
                world.Violate($"{user}: something is left to do for {order}.");
            }
        }

        foreach (var order in world.Exchanges.Where(exchange => exchange.Path.StartsWith("api/pay/", StringComparison.Ordinal)).GroupBy(exchange => exchange.Path.Split('/', '?')[2], StringComparer.Ordinal))
        {
            CheckOrder(order.Key, [.. order]);
        }

        var entries = accounts.Values.SelectMany(rows => rows.Entries).ToList();
        var (given, received) = (entries.Where(entry => entry.Kind == EntryKind.GiftOut).ToList(), entries.Where(entry => entry.Kind == EntryKind.GiftIn).ToList());
        foreach (var gift in given.Concat(received).GroupBy(entry => entry.OperationId, StringComparer.Ordinal).Where(gift => gift.Count() != 2 || gift.Sum(entry => entry.AmountMicro) != 0))
        {
            world.Violate($"A gift was given and received differently: {string.Join(" | ", gift)}.");
        }

        foreach (var (user, rows) in accounts)
        {
            var (bought, back) = (rows.Entries.Where(entry => entry.Kind == EntryKind.Purchase).Sum(entry => entry.AmountMicro), -rows.Entries.Where(entry => entry.Kind == EntryKind.Refund).Sum(entry => entry.AmountMicro));
            if (back > bought)
            {
                world.Violate($"{user} bought {bought} micro-credits, and {back} were taken back.");
            }
        }
    }

    private void CheckOrder(string id, IReadOnlyList<Exchange> clicks)
    {
        var entries = accounts[clicks[0].User].Entries.Count(entry => entry.OperationId == "order-" + id);
        var paid = clicks.Where(click => click.Path.EndsWith("=pay", StringComparison.Ordinal)).ToList();
        var isAcknowledged = paid.Exists(click => click.Reply is { Status: 200 });
        world.Coverage.Add("order paid", isAcknowledged);
        if (entries > 1 || (isAcknowledged && entries == 0) || (paid.Count == 0 && entries > 0))
        {
            world.Violate($"Order {id} was credited {entries} times: {string.Join(" | ", clicks)}");
        }
    }
}
