namespace ServerlessAi.Primitives;

/// <summary>
/// Amounts are <see cref="long"/> with their unit in the name: micro-credits for wallets (1 credit = 1,000,000), nano-USD for cost
/// ($1 = 1,000,000,000). Rates may be <see cref="decimal"/>; an amount made from a rate is rounded up, so that a fraction is never given away.
/// </summary>
public static class Money
{
    public const long MicroPerCredit = 1_000_000;
    public const long NanoPerUsd = 1_000_000_000;
    public const long TokensPerRate = 1_000_000;

    /// <summary>Nano-USD as USD, exact.</summary>
    public static decimal ToUsd(long nanoUsd) => nanoUsd / (decimal)NanoPerUsd;

    /// <summary>Micro-credits as credits, exact.</summary>
    public static decimal ToCredits(long micro) => micro / (decimal)MicroPerCredit;

    /// <summary>USD to nano-USD, rounded up.</summary>
    public static long FromUsd(decimal usd) => RoundUp(usd * NanoPerUsd);

    /// <summary>Credits to micro-credits, rounded up.</summary>
    public static long FromCredits(decimal credits) => RoundUp(credits * MicroPerCredit);

    /// <summary>The least whole number that is not below <paramref name="amount"/>.</summary>
    /// <exception cref="OverflowException">The amount does not fit 64 bits.</exception>
    public static long RoundUp(decimal amount) => decimal.ToInt64(decimal.Ceiling(amount));
}
