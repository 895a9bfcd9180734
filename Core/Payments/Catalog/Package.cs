using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Payments.Catalog;

/// <summary>From how many on each costs less.</summary>
public sealed record QuantityTier(int Quantity, decimal PercentOff);

/// <summary>Credits at a price.</summary>
/// <param name="Id">Lower case.</param>
public sealed record Package(string Id, string Name)
{
    public string Description { get; init; } = "";

    /// <summary>For one, in the currency of the installation, whole cents.</summary>
    public decimal Price { get; init; }

    /// <summary>In one.</summary>
    public decimal Credits { get; init; }

    /// <summary>Whether it can be bought. Orders made before go on.</summary>
    public bool Offered { get; init; } = true;

    public IReadOnlyList<QuantityTier> Tiers { get; init; } = [];

    /// <summary>What this build ships (mission D9).</summary>
    public static IReadOnlyList<Package> Shipped { get; } =
    [
        new("starter", "Starter") { Price = 5m, Credits = 50m },
        new("popular", "Popular") { Price = 15m, Credits = 200m, Tiers = [new(5, 5m), new(10, 10m)] },
        new("pro", "Pro") { Price = 30m, Credits = 500m, Tiers = [new(5, 5m), new(10, 10m)] },
    ];

    /// <summary>What some of it cost. Each discount is taken from what is left, and what comes out is rounded up to a cent.</summary>
    /// <param name="code">A promotional code that counts here; null for none.</param>
    public OrderPrice PriceOf(int quantity, PromoCode? code, string currency)
    {
        var percent = Tiers.Where(tier => tier.Quantity <= quantity).Select(tier => tier.PercentOff).DefaultIfEmpty(0).Max();
        return PriceMath.Of((long)(Price * 100), quantity, percent, code, currency);
    }
}

/// <summary>The arithmetic of prices.</summary>
internal static class PriceMath
{
    public static OrderPrice Of(long unitCents, int quantity, decimal percentOff, PromoCode? code, string currency)
    {
        var cents = (long)Math.Ceiling(unitCents * quantity * (100 - percentOff) / 100);
        var amount = code switch
        {
            { Kind: CodeKind.Percent } => (long)Math.Ceiling(cents * (100 - code.Value) / 100),
            { Kind: CodeKind.Amount } => Math.Max(0, cents - (long)(code.Value * 100)),
            _ => cents,
        };
        return new OrderPrice(unitCents, quantity, percentOff, cents - amount, amount, currency);
    }
}
