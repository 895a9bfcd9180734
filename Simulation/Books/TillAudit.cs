using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>Orders after a run, against the books of whoever took the money: paid once for each, as much as was asked, and nothing for nothing.</summary>
internal sealed class TillAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    public async Task CheckAsync()
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var income = new List<(Order Order, long Received, long Lost)>();
        foreach (var (user, rows) in accounts)
        {
            var orders = await world.Books.ReadOrdersAsync(user);
            known.UnionWith(orders.Select(order => order.Id));
            foreach (var order in orders)
            {
                Count(order);
                CheckFulfilment(order, AccountsRead.EntriesOf(user, accounts), AccountsRead.PlanEventsOf(user, accounts));
                CheckMoney(order);
                income.Add(WitnessOf(order));
            }

            CheckTopUps(user, rows, [.. orders.Where(order => order is { Kind: OrderKind.TopUp, PaidAt: not null }).OrderBy(order => order.CreatedAt)]);
        }

        CheckIncome(income);
        foreach (var payment in (world.Stripe?.Payments ?? []).Where(payment => !known.Contains(OrderOf(payment))))
        {
            world.Violate($"Nobody knows the order that was paid by {payment.ToJsonString()}.");
        }
    }

    private void Count(Order order)
    {
        var kind = order.Kind.ToString().ToLowerInvariant();
        world.Coverage.Add($"order of {kind} {order.Status.ToString().ToLowerInvariant()}");
        world.Coverage.Add("order declined before it was paid", order is { Declined.Length: > 0, PaidAt: not null });
        world.Coverage.Add("order of a plan that became credits", order.AsCredits);
        world.Coverage.Add("order for nothing", order is { Price.AmountCents: 0, PaidAt: not null });
        world.Coverage.Add("order paid back because its account was gone", order.UndeliverableAt is not null);
        world.Coverage.Add("dispute won", order.Disputes.Any(dispute => dispute.IsWon));
    }

    /// <summary>What was paid is there once, as credits or as a plan.</summary>
    private void CheckFulfilment(Order order, IEnumerable<LedgerEntry> entries, IEnumerable<SubscriptionEvent> plans)
    {
        var credited = entries.Count(entry => entry.OperationId == order.OperationId && entry.Kind == EntryKind.Purchase);
        var planned = plans.Count(change => change.OperationId == order.OperationId);
        if (credited + planned != (order.PaidAt is null || order is { AsCredits: true, CreditsMicro: 0 } || order.UndeliverableAt is not null ? 0 : 1))
        {
            world.Violate($"{order} gave credits {credited} times and a plan {planned} times.");
        }
    }

    private void CheckMoney(Order order)
    {
        if (world.Stripe is null)
        {
            return;
        }

        var payments = world.Stripe.Payments.Where(payment => OrderOf(payment) == order.Id).ToList();
        if (payments.Count != (order.PaidAt is null || order.Price.AmountCents == 0 ? 0 : 1))
        {
            world.Violate($"{order} was paid {payments.Count} times: {string.Join(" | ", payments.Select(payment => payment.ToJsonString()))}");
            return;
        }

        foreach (var payment in payments)
        {
            var (amount, refunded) = ((long)payment["amount"]!, (long?)payment["amount_refunded"] ?? 0);
            if (amount != order.Price.AmountCents || refunded != order.RefundedCents || LostOf(payment) != order.LostCents)
            {
                world.Violate($"{order} and the money differ: {payment.ToJsonString()} {DisputeOf(payment)?.ToJsonString()}");
            }
        }
    }

    /// <summary>What whoever took the money says of an order: what it took, and what of it is gone again.</summary>
    private (Order Order, long Received, long Lost) WitnessOf(Order order)
    {
        if (world.Stripe is null)
        {
            return (order, order.PaidAt is null ? 0 : order.Price.AmountCents, order.LostCents);
        }

        var payment = world.Stripe.Payments.FirstOrDefault(payment => OrderOf(payment) == order.Id);
        return payment is null ? (order, 0, 0) : (order, (long)payment["amount"]!, LostOf(payment));
    }

    /// <summary>
    /// Reports have all that was received and given back, once. Left out are orders that could not be delivered, because their account was deleted before they
    /// were paid: nothing was sold, and all of their money goes back.
    /// </summary>
    private void CheckIncome(IReadOnlyList<(Order Order, long Received, long Lost)> orders)
    {
        var taken = orders.Where(one => one.Order.UndeliverableAt is null && one.Received > 0)
            .GroupBy(one => IncomeSum.KeyOf(new Income(one.Order.IncomeKind, 0, one.Order.Price.Currency)), StringComparer.Ordinal)
            .ToDictionary(kind => kind.Key, kind => new IncomeSum(kind.Count(), kind.Sum(one => one.Received), kind.Sum(one => one.Lost)), StringComparer.Ordinal);
        var booked = SumsOf(accounts.Values.SelectMany(rows => rows.Operations));
        if (Show(taken) != Show(booked))
        {
            world.Violate($"The till took and gave back {Show(taken)}, the accounts say {Show(booked)}.");
        }

        foreach (var (kind, sum) in booked)
        {
            world.Coverage.Add($"money received: {kind}", sum.ReceivedCents > 0);
            world.Coverage.Add($"money given back: {kind}", sum.RefundedCents > 0);
        }

        world.Coverage.Add("money given back for an account that was deleted", accounts.TryGetValue(SystemAccounts.Estate, out var estate) && estate.Operations.Count > 0);
    }

    /// <summary>Money by currency and kind, as reports name it.</summary>
    public static Dictionary<string, IncomeSum> SumsOf(IEnumerable<OperationRecord> operations) => operations.Select(operation => operation.Income).OfType<Income>()
        .GroupBy(IncomeSum.KeyOf, StringComparer.Ordinal)
        .ToDictionary(kind => kind.Key, kind => kind.Aggregate(default(IncomeSum), (sum, income) => sum + IncomeSum.Of(income)), StringComparer.Ordinal);

    public static string Show(IEnumerable<KeyValuePair<string, IncomeSum>> sums) => string.Join(", ", sums.Where(sum => sum.Value != default).OrderBy(sum => sum.Key, StringComparer.Ordinal).Select(sum => $"{sum.Key} {sum.Value}"));

    /// <summary>The balance was below the threshold before each, and a month costs no more than its owner allowed.</summary>
    private void CheckTopUps(string user, AccountRowsRead rows, IReadOnlyList<Order> topUps)
    {
        var threshold = Money.FromCredits(Shopper.HighestThreshold);
        var (wasBelow, before) = (true, 0L);
        foreach (var entry in rows.Entries)
        {
            var isTopUp = topUps.Any(order => order.OperationId == entry.OperationId) && entry.Kind == EntryKind.Purchase;
            if (isTopUp && !wasBelow && before >= threshold)
            {
                world.Violate($"{user} was topped up by {entry} without having been below the threshold.");
            }

            wasBelow = isTopUp ? entry.BalanceMicro < threshold : wasBelow || entry.BalanceMicro < threshold;
            before = entry.BalanceMicro;
        }

        // The first of a month may have been named in the one before.
        foreach (var month in topUps.GroupBy(order => Periods.MonthOf(order.CreatedAt)).Where(month => month.Skip(1).Sum(order => order.Price.AmountCents) > Shopper.MonthlyLimit * 100))
        {
            world.Violate($"{user} was topped up for more than was allowed in {month.Key}: {string.Join(" | ", month)}");
        }
    }

    private long LostOf(JsonObject payment) => Math.Min(
        (long)payment["amount"]!, ((long?)payment["amount_refunded"] ?? 0) + (DisputeOf(payment) is { } dispute && (string)dispute["status"]! != "won" ? (long)dispute["amount"]! : 0));

    private JsonObject? DisputeOf(JsonObject payment) => world.Stripe!.Disputes.GetValueOrDefault((string)payment["id"]!);

    private static string OrderOf(JsonObject payment) => (string)payment["metadata"]!["order_id"]!;
}
