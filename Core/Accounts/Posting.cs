using System.Collections.Immutable;
using ServerlessAi.Accounts.Subscriptions;

namespace ServerlessAi.Accounts;

/// <summary>One decision in the making: the state so far and the rows it has produced.</summary>
internal sealed class Posting(AccountState state, DateTimeOffset now)
{
    private readonly ImmutableArray<LedgerEntry>.Builder entries = ImmutableArray.CreateBuilder<LedgerEntry>();
    private readonly ImmutableArray<HoldRecord>.Builder holds = ImmutableArray.CreateBuilder<HoldRecord>();
    private readonly ImmutableArray<UsageRecord>.Builder usage = ImmutableArray.CreateBuilder<UsageRecord>();
    private readonly ImmutableArray<OperationRecord>.Builder operations = ImmutableArray.CreateBuilder<OperationRecord>();
    private readonly ImmutableArray<ClaimRecord>.Builder claims = ImmutableArray.CreateBuilder<ClaimRecord>();
    private readonly ImmutableArray<ImageRecord>.Builder images = ImmutableArray.CreateBuilder<ImageRecord>();
    private readonly ImmutableArray<ImageRecord>.Builder joined = ImmutableArray.CreateBuilder<ImageRecord>();
    private readonly ImmutableArray<RemovedImage>.Builder removed = ImmutableArray.CreateBuilder<RemovedImage>();
    private readonly ImmutableArray<AlertRecord>.Builder alerts = ImmutableArray.CreateBuilder<AlertRecord>();
    private readonly ImmutableArray<SubscriptionEvent>.Builder plans = ImmutableArray.CreateBuilder<SubscriptionEvent>();

    public AccountState State { get; private set; } = state;

    public DateTimeOffset Now => now;

    /// <summary>What is carried out for good; its money goes with its records.</summary>
    public Once? Command { get; init; }

    public void Set(AccountState next) => State = next;

    public void Write(HoldRecord record) => holds.Add(record);

    public void Write(UsageRecord record) => usage.Add(record);

    public void Write(ClaimRecord record) => claims.Add(record);

    /// <summary>An image that a hold paid for joins the gallery, or is there already.</summary>
    public void Keep(ImageRecord record, bool hasJoined)
    {
        images.Add(record);
        State = hasJoined ? State : State with { Images = State.Images + 1 };
    }

    /// <summary>An image from the cache joins the gallery, where it is not yet.</summary>
    public void Join(ImageRecord record)
    {
        joined.Add(record);
        State = State with { Images = State.Images + 1 };
    }

    /// <summary>An image leaves the gallery, where it is.</summary>
    public void Remove(RemovedImage image)
    {
        removed.Add(image);
        State = State with { Images = State.Images - 1 };
    }

    public void Write(AlertRecord record) => alerts.Add(record);

    public void Write(SubscriptionEvent record) => plans.Add(record with { Income = IncomeOf(record.OperationId) });

    /// <summary>Credits have left for good since the decision began.</summary>
    public bool HasSpent => entries.Any(entry => entry.AmountMicro < 0);

    /// <summary>Numbers and writes a ledger entry. The grants must have moved already; <paramref name="parts"/> are signed.</summary>
    public LedgerEntry Post(EntryKind kind, ImmutableArray<Allocation> parts, string operationId, string? reason, UsageFacts? facts = null, long costNanoUsd = 0, GrantKind? from = null)
    {
        State = State with { Sequence = State.Sequence + 1 };
        var entry = new LedgerEntry(State.Sequence, kind, parts.Sum(part => part.Micro), State.BalanceMicro, operationId, now, parts)
        {
            Reason = reason,
            Usage = facts,
            CostNanoUsd = costNanoUsd,
            From = from,
        };
        entries.Add(entry);
        return entry;
    }

    /// <param name="absorbedMicro">What should have been taken besides, but was not there.</param>
    public OperationRecord Record(LedgerEntry entry, long absorbedMicro = 0)
    {
        var record = new OperationRecord(entry.OperationId, entry.Sequence, entry.AmountMicro, entry.BalanceMicro, entry.At) { AbsorbedMicro = absorbedMicro, Income = IncomeOf(entry.OperationId) };
        operations.Add(record);
        return record;
    }

    /// <summary>The record of an operation, made now when it has moved no credits.</summary>
    public OperationRecord Recorded(string operationId, long absorbedMicro = 0)
    {
        if (operations.FirstOrDefault(known => string.Equals(known.OperationId, operationId, StringComparison.Ordinal)) is { } known)
        {
            return known;
        }

        var record = new OperationRecord(operationId, Sequence: 0, AmountMicro: 0, State.BalanceMicro, now) { AbsorbedMicro = absorbedMicro, Income = IncomeOf(operationId) };
        operations.Add(record);
        return record;
    }

    /// <summary>Adds a grant, or merges it into one that burns alike.</summary>
    public bool TryAddGrant(CreditGrant grant, out string grantId)
    {
        if (TryMerge(grant, out grantId))
        {
            return true;
        }

        if (State.Grants.Length >= Account.GrantsLimit)
        {
            return false;
        }

        State = State with { Grants = State.Grants.Add(grant) };
        return true;
    }

    /// <summary>Adds a grant that was promised: it finds room however many others there are.</summary>
    public void AddOwedGrant(CreditGrant grant, out string grantId)
    {
        if (!TryMerge(grant, out grantId))
        {
            State = State with { Grants = State.Grants.Add(grant) };
        }
    }

    private bool TryMerge(CreditGrant grant, out string grantId)
    {
        for (var i = 0; i < State.Grants.Length; i++)
        {
            var existing = State.Grants[i];
            if (existing.IsLike(grant, now))
            {
                grantId = existing.Id;
                var merged = existing with { RemainingMicro = checked(existing.RemainingMicro + grant.RemainingMicro) };
                State = State with { Grants = State.Grants.SetItem(i, merged) };
                return true;
            }
        }

        grantId = grant.Id;
        return false;
    }

    public ImmutableArray<Allocation> TakeAvailable(long micro, Func<CreditGrant, bool>? from = null)
    {
        var (grants, taken) = Burn.Take(State.Grants, micro, now, from);
        State = State with { Grants = grants };
        return taken;
    }

    public void GiveBack(IEnumerable<Allocation> allocations) => State = State with { Grants = Burn.GiveBack(State.Grants, allocations) };

    public void RemoveHold(string operationId) =>
        State = State with { Holds = State.Holds.RemoveAll(hold => string.Equals(hold.OperationId, operationId, StringComparison.Ordinal)) };

    /// <summary>Changes the day a hold was reserved in. An open hold's is always kept; one that ended longer ago counts in the oldest that is.</summary>
    public void ChangeDay(string day, Func<DayUse, DayUse> change)
    {
        var i = PlaceOf(State.Days, use => string.Equals(use.Day, day, StringComparison.Ordinal));
        State = State with { Days = State.Days.SetItem(i, change(State.Days[i])) };
    }

    /// <inheritdoc cref="ChangeDay"/>
    public void ChangeMonth(string month, Func<MonthUse, MonthUse> change)
    {
        var i = PlaceOf(State.Months, use => string.Equals(use.Month, month, StringComparison.Ordinal));
        State = State with { Months = State.Months.SetItem(i, change(State.Months[i])) };
    }

    /// <summary>An empty grant that no open hold may give back to has no further use.</summary>
    public void DropSpentGrants()
    {
        if (!State.Grants.Any(grant => grant.RemainingMicro == 0))
        {
            return;
        }

        var named = State.Holds.SelectMany(hold => hold.Allocations).Select(allocation => allocation.GrantId).ToHashSet(StringComparer.Ordinal);
        State = State with { Grants = State.Grants.RemoveAll(grant => grant.RemainingMicro == 0 && !named.Contains(grant.Id)) };
    }

    public Decision ToDecision(Outcome outcome) => new(State, outcome)
    {
        Entries = entries.ToImmutable(),
        Holds = holds.ToImmutable(),
        Usage = usage.ToImmutable(),
        Operations = operations.ToImmutable(),
        Claims = claims.ToImmutable(),
        Images = images.ToImmutable(),
        Joined = joined.ToImmutable(),
        Removed = removed.ToImmutable(),
        Alerts = alerts.ToImmutable(),
        Plans = plans.ToImmutable(),
    };

    private Income? IncomeOf(string operationId) => string.Equals(Command?.OperationId, operationId, StringComparison.Ordinal) ? Command!.Income : null;

    // What comes so late that its period is no longer kept counts in the oldest that is: the sum over all periods stays whole.
    private static int PlaceOf<T>(ImmutableArray<T> periods, Func<T, bool> isNamed)
    {
        for (var i = 0; i < periods.Length; i++)
        {
            if (isNamed(periods[i]))
            {
                return i;
            }
        }

        return periods.Length - 1;
    }

    public static ImmutableArray<Allocation> Negated(IEnumerable<Allocation> allocations) =>
        [.. allocations.Select(allocation => allocation with { Micro = -allocation.Micro })];
}
