using ServerlessAi.Accounts;
using ServerlessAi.Payments.Giving;
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
            foreach (var order in await world.Books.ReadOrdersAsync(user))
            {
                CheckOrder(user, order);
            }
        }

        var entries = accounts.Values.SelectMany(rows => rows.Entries).ToList();
        var (given, received) = (entries.Where(entry => entry.Kind == EntryKind.GiftOut).ToList(), entries.Where(entry => entry.Kind == EntryKind.GiftIn).ToList());
        foreach (var gift in given.Concat(received).GroupBy(NameOf, StringComparer.Ordinal).Where(gift => gift.Count() != 2 || gift.Sum(entry => entry.AmountMicro) != 0))
        {
            world.Violate($"A gift was given and received differently: {string.Join(" | ", gift)}.");
        }
    }

    // What nobody could receive is back under a name of its own.
    private string NameOf(LedgerEntry entry)
    {
        var isBack = entry.OperationId.EndsWith(Handover.Back, StringComparison.Ordinal);
        world.Coverage.Add("gift given back", isBack);
        return isBack ? entry.OperationId[..^Handover.Back.Length] : entry.OperationId;
    }

    private void CheckOrder(string user, Order order)
    {
        if (!Fulfilment.IsSettled(order))
        {
            world.Violate($"{user}: something is left to do for {order}.");
        }

        var clicks = world.Exchanges.Where(exchange => exchange.Path.StartsWith($"api/pay/{order.Id}?", StringComparison.Ordinal)).ToList();
        var paid = clicks.Where(click => click.Path.EndsWith("=pay", StringComparison.Ordinal)).ToList();
        var isAcknowledged = paid.Exists(click => click.Reply is { Status: 200 });
        if ((isAcknowledged && order.PaidAt is null) || (world.Stripe is null && order is { IsOffSession: false, Price.AmountCents: > 0, PaidAt: not null } && paid.Count == 0))
        {
            world.Violate($"{order} is {order.Status}: {string.Join(" | ", clicks)}");
        }

        var entries = AccountsRead.EntriesOf(user, accounts).ToList();
        var given = entries.Where(entry => entry.OperationId == order.OperationId && entry.AmountMicro > 0).Sum(entry => entry.AmountMicro);
        var back = order.Reversals.Sum(reversal => entries.Where(entry => entry.OperationId == reversal.OperationId && entry.Kind is EntryKind.Refund or EntryKind.Grant or EntryKind.Purchase).Sum(entry => entry.AmountMicro));
        if (given + back < 0 || -back > order.CreditsMicro || back != -order.TakenBackMicro)
        {
            world.Violate($"{order} gave {given} micro-credits, and {back} were moved for its reversals.");
        }
    }
}
