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
        if (FindOpen(posting, command.OperationId) is { } hold)
        {
            return After(ReleaseOpen(posting, hold, command), posting);
        }

        return command.Recorded switch
        {
            null => new Refused(Refusal.NotFound("No reservation of this operation exists.")),
            { Status: HoldStatus.Expired } expired => After(ReleaseLate(posting, expired, command), posting),
            var ended => After(ended, posting),
        };
    }

    /// <summary>Ends a hold without a charge and gives back everything it held.</summary>
    public static HoldRecord GiveUp(Posting posting, Hold hold, HoldStatus status, long costNanoUsd, long uncertainNanoUsd, string? reason = null)
    {
        posting.RemoveHold(hold.OperationId);
        posting.GiveBack(hold.Allocations);
        posting.ChangeDay(hold.Day, day => FreeHeld(day, hold) with { Failures = day.Failures + 1 });
        posting.ChangeMonth(hold.Month, month => month with
        {
            Failures = month.Failures + 1,
            CostHeldNanoUsd = month.CostHeldNanoUsd - hold.CostNanoUsd,
        });
        Costs.Add(posting, hold, costNanoUsd, uncertainNanoUsd);
        var record = new HoldRecord(hold, status) { EndedAt = posting.Now, CostNanoUsd = costNanoUsd, UncertainCostNanoUsd = uncertainNanoUsd, Reason = reason };
        posting.Write(record);
        Alerting.WatchLimits(posting, hold);
        return record;
    }

    private static HoldRecord ReleaseOpen(Posting posting, Hold hold, Release command)
    {
        posting.Write(new UsageRecord(hold.OperationId, UsageEvents.Failed, hold.Kind, posting.Now, command.Facts)
        {
            CostNanoUsd = command.CostNanoUsd,
            UncertainCostNanoUsd = command.UncertainCostNanoUsd,
            PriceVersion = hold.PriceVersion,
            Reason = command.Reason,
        });
        return GiveUp(posting, hold, HoldStatus.Released, command.CostNanoUsd, command.UncertainCostNanoUsd, command.Reason);
    }

    // The lease ended first and gave everything back; what is left to do is to put the true cost in the place of the assumed one.
    private static HoldRecord ReleaseLate(Posting posting, HoldRecord expired, Release command)
    {
        var record = Costs.Correct(posting, expired, command.CostNanoUsd, command.UncertainCostNanoUsd, command.Reason, command.Facts) with
        {
            Status = HoldStatus.Released,
            Reason = command.Reason,
        };
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
        return Charge(posting, new HoldRecord(hold, HoldStatus.Open), command, due, Joined(used, more));
    }

    // The provider answered after the hold had lapsed and its credits may be gone: charge what is there, bear the rest.
    private static HoldRecord SettleLate(Posting posting, HoldRecord lapsed, Settle command)
    {
        // What the lapse counted was an assumption about the same call: the settlement's cost takes its place.
        var corrected = Costs.Correct(posting, lapsed, costNanoUsd: 0, uncertainNanoUsd: 0, "settled");
        var due = DueMicro(lapsed.Hold, command);
        if (command.RecordedClaim is { } owner && !string.Equals(owner.OperationId, command.OperationId, StringComparison.Ordinal))
        {
            // Somebody repeated the request with its key, which is charged and answered once: by the repetition, if that succeeds. This success is ours to bear.
            return Charge(posting, corrected with { Hold = lapsed.Hold with { FreeImages = 0 }, Superseded = true }, command, due, paid: []);
        }

        AnswerClaim(posting, lapsed.Hold, command);
        return Charge(posting, corrected, command, due, posting.TakeAvailable(due));
    }

    private static void AnswerClaim(Posting posting, Hold hold, Settle command)
    {
        if (hold.Claim is { } claim && command.Payload is { } payload)
        {
            posting.Write(new ClaimRecord(claim, hold.OperationId, hold.ReservedAt + ClaimRecord.Life, payload) { AnsweredAt = posting.Now });
        }
    }

    private static HoldRecord Charge(Posting posting, HoldRecord before, Settle command, long due, ImmutableArray<Allocation> paid)
    {
        var hold = before.Hold;
        var charged = paid.Sum(allocation => allocation.Micro);
        if (charged > 0)
        {
            posting.Post(EntryKind.Charge, Posting.Negated(paid), hold.OperationId, reason: null, command.Facts, command.CostNanoUsd);
        }

        Count(posting, hold, command, charged);
        Membership.Count(posting, hold, charged);
        // What is superseded is never shown: the repetition's image is the one that counts.
        var image = before.Superseded ? null : command.Image;
        if (image is not null)
        {
            posting.Keep(image, hasJoined: before.Status == HoldStatus.Open ? hold.HasJoined : command.HasJoined);
            Alerting.WatchGallery(posting, hold);
        }

        var record = before with
        {
            Status = HoldStatus.Settled,
            EndedAt = posting.Now,
            ChargedMicro = charged,
            AbsorbedMicro = due - charged,
            CostNanoUsd = command.CostNanoUsd,
            UncertainCostNanoUsd = command.UncertainCostNanoUsd,
            Late = before.Status != HoldStatus.Open,
            Reason = null,
            ImageAt = image?.CreatedAt,
        };
        posting.Write(record);
        Log(posting, record, command.Facts);
        Alerting.WatchLimits(posting, hold);
        return record;
    }

    private static void Count(Posting posting, Hold hold, Settle command, long charged)
    {
        var facts = command.Facts;
        Costs.Add(posting, hold, command.CostNanoUsd, command.UncertainCostNanoUsd);
        posting.ChangeDay(hold.Day, day => day with
        {
            FreeImagesUsed = day.FreeImagesUsed + hold.FreeImages,
            TokensUsed = day.TokensUsed + facts.Tokens,
            Calls = day.Calls + 1,
            Images = day.Images + facts.Images,
            ChargedMicro = day.ChargedMicro + charged,
        });
        posting.ChangeMonth(hold.Month, month =>
        {
            var provider = month.Providers.GetValueOrDefault(facts.Provider, new ProviderUse(0, 0, 0));
            return month with
            {
                Meters = Metered(month, hold, facts),
                Calls = month.Calls + 1,
                Images = month.Images + facts.Images,
                Downgrades = month.Downgrades + (hold.DowngradeReason is null ? 0 : 1),
                Tokens = month.Tokens + facts.Tokens,
                ChargedMicro = month.ChargedMicro + charged,
                Providers = month.Providers.SetItem(
                    facts.Provider,
                    new ProviderUse(provider.Calls + 1, provider.Tokens + facts.Tokens, provider.CostNanoUsd + command.CostNanoUsd - command.UncertainCostNanoUsd)),
            };
        });
    }

    private static ImmutableSortedDictionary<string, MeterUse> Metered(MonthUse month, Hold hold, UsageFacts facts)
    {
        if (hold.Provider is not { } provider)
        {
            return month.Meters;
        }

        var meter = month.Meters.GetValueOrDefault(provider, MeterUse.None);
        return month.Meters.SetItem(provider, new MeterUse(meter.Calls + 1, meter.Tokens + facts.Tokens));
    }

    private static void Log(Posting posting, HoldRecord record, UsageFacts facts)
    {
        var hold = record.Hold;
        var line = new UsageRecord(hold.OperationId, UsageEvents.Success, hold.Kind, posting.Now, facts)
        {
            ChargedMicro = record.ChargedMicro,
            AbsorbedMicro = record.AbsorbedMicro,
            CostNanoUsd = record.CostNanoUsd,
            UncertainCostNanoUsd = record.UncertainCostNanoUsd,
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
