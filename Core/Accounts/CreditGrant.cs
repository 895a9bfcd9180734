using System.Collections.Immutable;

namespace ServerlessAi.Accounts;

/// <summary>Where credits came from. The names are stored.</summary>
public enum GrantKind
{
    SignUp = 0,
    Plan = 1,
    Promotion = 2,
    Referral = 3,
    Gift = 4,
    Purchase = 5,
    Adjustment = 6,
}

/// <summary>Credits of one origin. What open holds took from it is not in <paramref name="RemainingMicro"/> but in those holds.</summary>
/// <param name="Id">Unique in the account; a hold names it to give back what it does not use.</param>
/// <param name="RemainingMicro">Micro-credits that can still be taken, never negative.</param>
/// <param name="Priority">A lower number burns first; purchases burn last whatever their number.</param>
/// <param name="ExpiresAt">From this instant on nothing more can be taken; a hold taken before is honoured.</param>
public sealed record CreditGrant(
    string Id, GrantKind Kind, long RemainingMicro, int Priority, DateTimeOffset CreatedAt, DateTimeOffset EffectiveAt, DateTimeOffset? ExpiresAt)
{
    public bool IsExpired(DateTimeOffset now) => ExpiresAt <= now;

    public bool CanBurn(DateTimeOffset now) => RemainingMicro > 0 && EffectiveAt <= now && !IsExpired(now);

    /// <summary>Whether both burn alike and so may be one: same kind and priority, same dates.</summary>
    public bool IsLike(CreditGrant other, DateTimeOffset now) =>
        Kind == other.Kind && Priority == other.Priority && ExpiresAt == other.ExpiresAt
        && (EffectiveAt == other.EffectiveAt || (EffectiveAt <= now && other.EffectiveAt <= now));
}

/// <summary>Micro-credits taken from, or given to, one grant.</summary>
public sealed record Allocation(string GrantId, long Micro);

/// <summary>The order credits burn in, and the arithmetic of taking from and giving back to grants.</summary>
public static class Burn
{
    /// <summary>Lower priority first, then the earlier expiry, then the older; purchases last.</summary>
    public static IOrderedEnumerable<CreditGrant> InOrder(IEnumerable<CreditGrant> grants) => grants
        .OrderBy(grant => grant.Kind == GrantKind.Purchase)
        .ThenBy(grant => grant.Priority)
        .ThenBy(grant => grant.ExpiresAt ?? DateTimeOffset.MaxValue)
        .ThenBy(grant => grant.CreatedAt)
        .ThenBy(grant => grant.Id, StringComparer.Ordinal);

    /// <summary>Takes up to <paramref name="micro"/> in burn order; the allocations add up to what was there to take.</summary>
    /// <param name="from">Which grants may be taken from; null is all.</param>
    public static (ImmutableArray<CreditGrant> Grants, ImmutableArray<Allocation> Taken) Take(
        ImmutableArray<CreditGrant> grants, long micro, DateTimeOffset now, Func<CreditGrant, bool>? from = null)
    {
        var taken = ImmutableArray.CreateBuilder<Allocation>();
        var left = micro;
        foreach (var grant in InOrder(grants.Where(grant => grant.CanBurn(now) && from?.Invoke(grant) != false)))
        {
            if (left == 0)
            {
                break;
            }

            var part = Math.Min(left, grant.RemainingMicro);
            taken.Add(new Allocation(grant.Id, part));
            left -= part;
        }

        return (Add(grants, taken, sign: -1), taken.ToImmutable());
    }

    /// <summary>Gives allocations back to the grants they came from.</summary>
    public static ImmutableArray<CreditGrant> GiveBack(ImmutableArray<CreditGrant> grants, IEnumerable<Allocation> allocations) =>
        Add(grants, allocations, sign: 1);

    /// <summary>Splits allocations, in their order, into the part that pays <paramref name="micro"/> and the rest.</summary>
    public static (ImmutableArray<Allocation> Used, ImmutableArray<Allocation> Unused) Split(ImmutableArray<Allocation> allocations, long micro)
    {
        var used = ImmutableArray.CreateBuilder<Allocation>();
        var rest = ImmutableArray.CreateBuilder<Allocation>();
        var left = micro;
        foreach (var allocation in allocations)
        {
            var part = Math.Min(left, allocation.Micro);
            left -= part;
            if (part > 0)
            {
                used.Add(allocation with { Micro = part });
            }

            if (allocation.Micro > part)
            {
                rest.Add(allocation with { Micro = allocation.Micro - part });
            }
        }

        return (used.ToImmutable(), rest.ToImmutable());
    }

    private static ImmutableArray<CreditGrant> Add(ImmutableArray<CreditGrant> grants, IEnumerable<Allocation> allocations, int sign)
    {
        var next = grants.ToBuilder();
        foreach (var allocation in allocations)
        {
            var at = IndexOf(next, allocation.GrantId);
            next[at] = next[at] with { RemainingMicro = checked(next[at].RemainingMicro + sign * allocation.Micro) };
        }

        return next.ToImmutable();
    }

    private static int IndexOf(ImmutableArray<CreditGrant>.Builder grants, string id)
    {
        for (var i = 0; i < grants.Count; i++)
        {
            if (string.Equals(grants[i].Id, id, StringComparison.Ordinal))
            {
                return i;
            }
        }

        throw new InvalidOperationException($"Grant '{id}' left the account while a hold still named it.");
    }
}
