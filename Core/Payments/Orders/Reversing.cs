using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Orders;

/// <summary>Which credits go back for money that went back, and which money reports have not heard of. Pure.</summary>
internal static class Reversing
{
    /// <summary>
    /// What should have been taken back in all: in proportion, rounded down, and all of it with the last cent. Counted from the sum each time, so that parts
    /// never add up to another whole.
    /// </summary>
    public static long OwedMicro(Order order) => order.Price.AmountCents == 0 ? 0 : order.LostCents == order.Price.AmountCents
        ? order.CreditsMicro
        : (long)((Int128)order.CreditsMicro * order.LostCents / order.Price.AmountCents);

    /// <summary>The order with its next reversal written down; itself when there is none to make, or one is under way.</summary>
    public static Order Plan(Order order)
    {
        if (order.FulfilledAt is null || order.Reversals.Any(reversal => reversal.TakenMicro is null))
        {
            return order;
        }

        var missing = OwedMicro(order) - order.Reversals.Sum(reversal => reversal.Micro);
        if (missing < 0)
        {
            // Giving back: first what we bore ourselves is borne no longer, and moves nothing.
            var borne = Math.Min(-missing, order.AbsorbedMicro);
            if (borne > 0)
            {
                return Add(order, new Reversal(NameOf(order), -borne, TakenMicro: 0));
            }
        }

        // With or without credits: a plan may bring none, and a cent may be worth less than the smallest part of one.
        var cents = order.IsCounted ? order.LostCents - order.Reversals.Sum(reversal => reversal.Cents) : 0;
        return missing == 0 && cents == 0 ? order : Add(order, new Reversal(NameOf(order), missing, TakenMicro: null) { Cents = cents });
    }

    /// <summary>The one that is written down and not known to be carried out.</summary>
    public static Reversal? Pending(Order order) => order.Reversals.FirstOrDefault(reversal => reversal.TakenMicro is null);

    public static Order Done(Order order, string operationId, long takenMicro) => order.Reversals.FirstOrDefault(reversal => string.Equals(reversal.OperationId, operationId, StringComparison.Ordinal)) switch
    {
        { TakenMicro: null } pending => order with { Reversals = order.Reversals.Replace(pending, pending with { TakenMicro = takenMicro }) },
        _ => order,
    };

    /// <summary>Nothing is left to do for the order's credits and money.</summary>
    public static bool IsEven(Order order) => ReferenceEquals(Plan(order), order) && Pending(order) is null;

    /// <summary>What carries a reversal out, credits and money in one.</summary>
    public static Once ToCommand(Order order, Reversal reversal)
    {
        var periods = order.AsCredits ? [] : order.PaidPeriods;
        Once command = reversal.Micro switch
        {
            > 0 => new Refund(reversal.OperationId, reversal.Micro, "refund") { Periods = periods },
            < 0 => new Grant(reversal.OperationId, periods.IsEmpty ? GrantKind.Purchase : GrantKind.Plan, -reversal.Micro, LedgerEntry.DisputeWon) { Periods = periods },
            0 => new Note(reversal.OperationId, "money_alone"),
        };
        return command with { Since = order.CreatedAt, Income = IncomeOf(order, reversal) };
    }

    /// <summary>What counts the money that went back for an account that is deleted, under a name that says nothing of it; null for none.</summary>
    public static Note? ToEstate(Order order, Reversal reversal) => IncomeOf(order, reversal) is { } income
        ? new Note(Digest.Of("estate", order.AccountId, reversal.OperationId)[..NameLength], "money_alone") { Income = income }
        : null;

    private const int NameLength = 32;

    private static Income? IncomeOf(Order order, Reversal reversal) => reversal.Cents == 0 ? null : new Income(order.IncomeKind, -reversal.Cents, order.Price.Currency);

    private static Order Add(Order order, Reversal reversal) => order with { Reversals = order.Reversals.Add(reversal) };

    private static string NameOf(Order order) => $"refund-{order.Id}-{order.Reversals.Length + 1}";
}
