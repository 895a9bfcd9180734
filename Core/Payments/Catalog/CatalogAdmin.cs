using System.Text.RegularExpressions;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Catalog;

/// <summary>An entry and the tag that makes a change conditional.</summary>
public sealed record Tagged<T>(T Value, string ETag);

/// <summary>What admins keep as data in the table <c>catalog</c>: list, add, change, withdraw. Effective at once, on all instances.</summary>
/// <param name="partition">The entries' kind.</param>
/// <param name="shipped">What the build has; null for nothing.</param>
public abstract partial class CatalogAdmin<T>(Tables tables, string partition, IReadOnlyList<T>? shipped)
    where T : class
{
    private readonly Entries<T> entries = new(tables, partition);

    public async Task<IReadOnlyList<T>> ListAsync(CancellationToken cancellationToken)
    {
        var all = (shipped ?? []).ToDictionary(IdOf, StringComparer.Ordinal);
        foreach (var entry in await entries.ReadAllAsync(cancellationToken))
        {
            if (entry.Value is { } value)
            {
                all[entry.Id] = value;
            }
        }

        return [.. all.Values.OrderBy(Rank).ThenBy(IdOf, StringComparer.Ordinal)];
    }

    /// <returns>Null when there is none, or it cannot be used any more.</returns>
    public async Task<T?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        var key = Canonical(id);
        return KeyShape().IsMatch(key) ? Current(await entries.ReadAsync(key, cancellationToken), key) : null;
    }

    public async Task<Answer<Tagged<T>>> FindAsync(string id, CancellationToken cancellationToken)
    {
        var key = Canonical(id);
        var stored = await entries.ReadAsync(key, cancellationToken);
        return Current(stored, key) is { } value ? ToTagged(key, value, stored) : Missing();
    }

    public async Task<Answer<Tagged<T>>> AddAsync(T given, CancellationToken cancellationToken)
    {
        var value = Named(given, Canonical(IdOf(given) ?? ""));
        if (ProblemOf(value) is { } problem)
        {
            return Refusal.Invalid(problem);
        }

        var stored = await entries.ReadAsync(IdOf(value), cancellationToken);
        return Current(stored, IdOf(value)) is null
            ? await WriteAsync(stored, value, cancellationToken)
            : new Refusal(RefusalCodes.Conflict, "There is one with this id already.").With("id", IdOf(value));
    }

    /// <param name="change">Makes the next from the present one.</param>
    /// <param name="ifMatch">The tag as last read; null changes whatever is there.</param>
    public async Task<Answer<Tagged<T>>> ChangeAsync(string id, Func<T, Answer<T>> change, string? ifMatch, CancellationToken cancellationToken)
    {
        var key = Canonical(id);
        var stored = await entries.ReadAsync(key, cancellationToken);
        if (Current(stored, key) is not { } present)
        {
            return Missing();
        }

        if (ifMatch is not (null or "*") && !string.Equals(ifMatch, ToTagged(key, present, stored).ETag, StringComparison.Ordinal))
        {
            return Changed();
        }

        var next = change(present);
        if (!next.Succeeded)
        {
            return next.Refusal;
        }

        // Its id is its name everywhere; what a body says of it cannot move it.
        var value = Named(next.Value, key);
        return ProblemOf(value) is { } problem ? Refusal.Invalid(problem) : await WriteAsync(stored, value, cancellationToken);
    }

    /// <summary>Nobody can use it any more.</summary>
    public Task<Answer<Tagged<T>>> WithdrawAsync(string id, string? ifMatch, CancellationToken cancellationToken) =>
        ChangeAsync(id, value => Withdrawn(value), ifMatch, cancellationToken);

    protected abstract string Canonical(string id);

    protected abstract string IdOf(T value);

    protected abstract T Named(T value, string id);

    protected abstract T Withdrawn(T value);

    protected abstract decimal Rank(T value);

    /// <summary>What is wrong with it; null when nothing is.</summary>
    protected abstract string? Problem(T value);

    private string? ProblemOf(T value) => KeyShape().IsMatch(IdOf(value)) ? Problem(value) : "'id' must be 1 to 40 letters, digits, dashes and underscores.";

    private T? Current(StoredEntry<T>? stored, string id) =>
        stored is null ? (shipped ?? []).FirstOrDefault(value => string.Equals(IdOf(value), id, StringComparison.Ordinal)) : stored.Value;

    private async Task<Answer<Tagged<T>>> WriteAsync(StoredEntry<T>? before, T value, CancellationToken cancellationToken)
    {
        var written = await entries.WriteAsync(IdOf(value), before, value, cancellationToken);
        return written is null ? Changed() : ToTagged(IdOf(value), value, written);
    }

    private static Tagged<T> ToTagged(string id, T value, StoredEntry<T>? stored) => new(value, StoredEntry<T>.TagOf(id, stored?.Revision ?? 0));

    private static Refusal Missing() => Refusal.NotFound("There is none with this id.");

    private static Refusal Changed() => new(RefusalCodes.PreconditionFailed, "Somebody else changed it. Read it again and repeat the change.");

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex KeyShape();
}

/// <summary>Packages of credits as data.</summary>
public sealed class Packages(Tables tables) : CatalogAdmin<Package>(tables, "package", Package.Shipped)
{
    private const decimal PriceLimit = 100_000m;
    private const decimal CreditsLimit = 10_000_000m;
    private const int TiersLimit = 20;
    private const int TextLimit = 200;

    protected override string Canonical(string id) => id.ToLowerInvariant();

    protected override string IdOf(Package value) => value.Id;

    protected override Package Named(Package value, string id) => value with { Id = id };

    protected override Package Withdrawn(Package value) => value with { Offered = false };

    protected override decimal Rank(Package value) => value.Price;

    protected override string? Problem(Package value) => value switch
    {
        { Name: not { Length: > 0 and <= TextLimit } } or { Description: not { Length: <= TextLimit } } => $"'name' has 1 to {TextLimit} characters, 'description' at most {TextLimit}.",
        _ when value.Price is < 0.5m or > PriceLimit || decimal.Round(value.Price, 2) != value.Price => $"'price' must be 0.50 to {PriceLimit:0}, in whole cents.",
        _ when value.Credits is <= 0 or > CreditsLimit || decimal.Round(value.Credits, 6) != value.Credits => $"'credits' must be more than 0 and at most {CreditsLimit:0}, with at most six decimals.",
        _ when value.Tiers is not { Count: <= TiersLimit } || value.Tiers.Any(tier => tier is not { Quantity: > 1 and <= Purchases.QuantityLimit, PercentOff: > 0 and < 100 }) =>
            $"'tiers' has at most {TiersLimit}, each with a 'quantity' of 2 or more and 'percent_off' between 0 and 100.",
        _ => null,
    };
}

/// <summary>Codes as data.</summary>
public sealed class PromoCodes(Tables tables, TimeProvider time) : CatalogAdmin<PromoCode>(tables, "code", shipped: null)
{
    private const decimal CreditsLimit = 100_000m;

    /// <summary>A code that can be used now; null for any other.</summary>
    public async Task<PromoCode?> FindUsableAsync(string typed, CancellationToken cancellationToken) =>
        await ReadAsync(typed, cancellationToken) is { Offered: true } code && !(code.ExpiresAt <= time.GetUtcNow()) ? code : null;

    protected override string Canonical(string id) => PromoCode.Canonical(id);

    protected override string IdOf(PromoCode value) => value.Id;

    protected override PromoCode Named(PromoCode value, string id) => value with { Id = id };

    protected override PromoCode Withdrawn(PromoCode value) => value with { Offered = false };

    protected override decimal Rank(PromoCode value) => 0;

    protected override string? Problem(PromoCode value) => value switch
    {
        { MaxRedemptions: < 1 } => "'max_redemptions' must be at least 1.",
        { Kind: CodeKind.Percent, Value: <= 0 or > 100 } => "'value' must be more than 0 and at most 100 percent.",
        { Value: <= 0 or > CreditsLimit } => $"'value' must be more than 0 and at most {CreditsLimit:0}.",
        { Kind: CodeKind.Amount } when decimal.Round(value.Value, 2) != value.Value => "'value' must be in whole cents.",
        _ when !Enum.IsDefined(value.Kind) || decimal.Round(value.Value, 6) != value.Value => "'kind' must be 'credits', 'percent', 'amount' or 'bonus', and 'value' has at most six decimals.",
        _ => null,
    };
}
