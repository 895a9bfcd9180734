namespace ServerlessAi.Payments.Orders;

/// <summary>Which credits go back for money that went back. Pure.</summary>
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

        return missing == 0 ? order : Add(order, new Reversal(NameOf(order), missing, TakenMicro: null));
    }

    /// <summary>The one that is written down and not known to be carried out.</summary>
    public static Reversal? Pending(Order order) => order.Reversals.FirstOrDefault(reversal => reversal.TakenMicro is null);

    public static Order Done(Order order, string operationId, long takenMicro) => order.Reversals.FirstOrDefault(reversal => string.Equals(reversal.OperationId, operationId, StringComparison.Ordinal)) switch
    {
        { TakenMicro: null } pending => order with { Reversals = order.Reversals.Replace(pending, pending with { TakenMicro = takenMicro }) },
        _ => order,
    };

    /// <summary>Nothing is left to do for the order's credits.</summary>
    public static bool IsEven(Order order) => ReferenceEquals(Plan(order), order) && Pending(order) is null;

    private static Order Add(Order order, Reversal reversal) => order with { Reversals = order.Reversals.Add(reversal) };

    private static string NameOf(Order order) => $"refund-{order.Id}-{order.Reversals.Length + 1}";
}
