using System.Collections.Immutable;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>How holds end: settled, released or expired; and what happens to a settlement that comes late or twice.</summary>
internal static class Ending
{
    public static Outcome Decide(Posting posting, Settle command)
    {
        if (FindOpen(posting, command.OperationId) is { } hold)
        {
            return After(SettleOpen(posting, hold, command), posting);
        }

        return command.Recorded switch
        {
            null => new Refused(Refusal.NotFound("No reservation of this operation exists.")),
            { Status: HoldStatus.Settled } settled => After(settled, posting),
            var lapsed => After(SettleLate(posting, lapsed, command), posting),
        };
    }

    public static Outcome Decide(Posting posting, Release command)
    {
        if (FindOpen(posting, command.OperationId) is not { } hold)
        {
            return command.Recorded is { } recorded
                ? After(recorded, posting)
                : new Refused(Refusal.NotFound("No reservation of this operation exists."));
        }

        var record = GiveUp(posting, hold, HoldStatus.Released, command.CostNanoUsd);
        posting.Write(new UsageRecord(hold.OperationId, UsageEvents.Failed, hold.Kind, posting.Now, command.Facts)
        {
            CostNanoUsd = command.CostNanoUsd,
            PriceVersion = hold.PriceVersion,
            Reason = command.Reason,
        });
        return After(record, posting);
    }

    /// <summary>Ends a hold without a charge and gives back everything it held.</summary>
    public static HoldRecord GiveUp(Posting posting, Hold hold, HoldStatus status, long costNanoUsd)
    {
        posting.RemoveHold(hold.OperationId);
        posting.GiveBack(hold.Allocations);
        posting.ChangeDay(hold.Day, day => FreeHeld(day, hold) with
        {
            Failures = day.Failures + 1,
            CostNanoUsd = day.CostNanoUsd + costNanoUsd,
        });
        posting.ChangeMonth(hold.Month, month => month with
        {
            Failures = month.Failures + 1,
            CostHeldNanoUsd = month.CostHeldNanoUsd - hold.CostNanoUsd,
            CostNanoUsd = month.CostNanoUsd + costNanoUsd,
        });
        var record = new HoldRecord(hold, status) { EndedAt = posting.Now, CostNanoUsd = costNanoUsd };
        posting.Write(record);
        return record;
    }

    private static HoldRecord SettleOpen(Posting posting, Hold hold, Settle command)
    {
        var due = DueMicro(hold, command);
        var (used, rest) = Burn.Split(hold.Allocations, due);
        posting.RemoveHold(hold.OperationId);
        posting.GiveBack(rest);
        // The estimate was too low: what the account still has pays the difference, and the rest is ours to bear.
        var more = due > hold.HeldMicro ? posting.TakeAvailable(due - hold.HeldMicro) : [];
        posting.ChangeDay(hold.Day, day => FreeHeld(day, hold));
        posting.ChangeMonth(hold.Month, month => month with { CostHeldNanoUsd = month.CostHeldNanoUsd - hold.CostNanoUsd });
        AnswerClaim(posting, hold, command);
        return Charge(posting, hold, command, due, Joined(used, more), late: false);
    }

    // The provider answered after the hold had lapsed and its credits may be gone: charge what is there, bear the rest.
    private static HoldRecord SettleLate(Posting posting, HoldRecord lapsed, Settle command)
    {
        var due = DueMicro(lapsed.Hold, command);
        if (string.Equals(command.RecordedClaim?.OperationId, command.OperationId, StringComparison.Ordinal))
        {
            AnswerClaim(posting, lapsed.Hold, command);
        }

        return Charge(posting, lapsed.Hold, command, due, posting.TakeAvailable(due), late: true);
    }

    private static void AnswerClaim(Posting posting, Hold hold, Settle command)
    {
        if (hold.Claim is { } claim && command.Payload is { } payload)
        {
            posting.Write(new ClaimRecord(claim, hold.OperationId, hold.ReservedAt + ClaimRecord.Life, payload) { AnsweredAt = posting.Now });
        }
    }

    private static HoldRecord Charge(Posting posting, Hold hold, Settle command, long due, ImmutableArray<Allocation> paid, bool late)
    {
        var charged = paid.Sum(allocation => allocation.Micro);
        if (charged > 0)
        {
            posting.Post(EntryKind.Charge, Posting.Negated(paid), hold.OperationId, reason: null, command.Facts, command.CostNanoUsd);
        }

        Count(posting, hold, command, charged);
        var record = new HoldRecord(hold, HoldStatus.Settled)
        {
            EndedAt = posting.Now,
            ChargedMicro = charged,
            AbsorbedMicro = due - charged,
            CostNanoUsd = command.CostNanoUsd,
            Late = late,
        };
        posting.Write(record);
        Log(posting, record, command.Facts);
        return record;
    }

    private static void Count(Posting posting, Hold hold, Settle command, long charged)
    {
        var facts = command.Facts;
        posting.ChangeDay(hold.Day, day => day with
        {
            FreeImagesUsed = day.FreeImagesUsed + hold.FreeImages,
            TokensUsed = day.TokensUsed + facts.Tokens,
            Calls = day.Calls + 1,
            ChargedMicro = day.ChargedMicro + charged,
            CostNanoUsd = day.CostNanoUsd + command.CostNanoUsd,
        });
        posting.ChangeMonth(hold.Month, month =>
        {
            var provider = month.Providers.GetValueOrDefault(facts.Provider, new ProviderUse(0, 0, 0));
            return month with
            {
                Calls = month.Calls + 1,
                Images = month.Images + facts.Images,
                Downgrades = month.Downgrades + (hold.DowngradeReason is null ? 0 : 1),
                Tokens = month.Tokens + facts.Tokens,
                ChargedMicro = month.ChargedMicro + charged,
                CostNanoUsd = month.CostNanoUsd + command.CostNanoUsd,
                Providers = month.Providers.SetItem(
                    facts.Provider, new ProviderUse(provider.Calls + 1, provider.Tokens + facts.Tokens, provider.CostNanoUsd + command.CostNanoUsd)),
            };
        });
    }

    private static void Log(Posting posting, HoldRecord record, UsageFacts facts)
    {
        var hold = record.Hold;
        var line = new UsageRecord(hold.OperationId, UsageEvents.Success, hold.Kind, posting.Now, facts)
        {
            ChargedMicro = record.ChargedMicro,
            AbsorbedMicro = record.AbsorbedMicro,
            CostNanoUsd = record.CostNanoUsd,
            FreeImages = hold.FreeImages,
            PriceVersion = hold.PriceVersion,
            Reason = record.Late ? "late" : null,
        };
        posting.Write(line);
        if (hold.DowngradeReason is { } reason)
        {
            posting.Write(new UsageRecord(hold.OperationId, UsageEvents.Downgraded, hold.Kind, posting.Now, Facts: null) { Reason = reason });
        }
    }

    // Evaluated after the posting is complete, so the account shown is the one written.
    private static Ended After(HoldRecord record, Posting posting) => new(record, posting.State);

    private static long DueMicro(Hold hold, Settle command) => hold.FreeImages > 0 ? 0 : Math.Max(0, command.ChargeMicro);

    private static DayUse FreeHeld(DayUse day, Hold hold) => day with
    {
        FreeImagesHeld = day.FreeImagesHeld - hold.FreeImages,
        TokensHeld = day.TokensHeld - hold.Tokens,
    };

    private static Hold? FindOpen(Posting posting, string operationId) =>
        posting.State.Holds.FirstOrDefault(hold => string.Equals(hold.OperationId, operationId, StringComparison.Ordinal));

    private static ImmutableArray<Allocation> Joined(ImmutableArray<Allocation> first, ImmutableArray<Allocation> second) =>
        [.. first.Concat(second)
            .GroupBy(allocation => allocation.GrantId, StringComparer.Ordinal)
            .Select(parts => new Allocation(parts.Key, parts.Sum(part => part.Micro)))];
}
