using System.Collections.Immutable;
using ServerlessAi.Accounts.Rules;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>Admission: picks the offer that the budgets allow, asks every rule, and takes the hold.</summary>
internal static class Reserving
{
    public static Outcome Decide(Posting posting, Reserve command)
    {
        var open = posting.State.Holds.FirstOrDefault(hold => string.Equals(hold.OperationId, command.OperationId, StringComparison.Ordinal));
        if (open is not null)
        {
            // Our own hold, written by an attempt whose reply was lost.
            return new Admitted(open);
        }

        if (command.Recorded is { } ended)
        {
            return new Ended(ended, posting.State);
        }

        if (command.RecordedClaim is { } claim && claim.Binds(posting.State, posting.Now))
        {
            return new Claimed(claim);
        }

        var (offerIndex, downgradeReason) = Budget.Choose(posting.State, command);
        var admission = new Admission(posting.State, command, command.Offers[offerIndex], posting.Now);
        return AdmissionRules.FirstRefusal(admission) is { } refusal
            ? new Refused(refusal)
            : new Admitted(Take(posting, admission, offerIndex, downgradeReason));
    }

    public static Hold Take(Posting posting, Admission admission, int offerIndex, string? downgradeReason)
    {
        var (command, offer) = (admission.Command, admission.Offer);
        var outputTokens = admission.OutputTokens;
        var isFree = admission.UsesFreeQuota;
        var hold = new Hold
        {
            OperationId = command.OperationId,
            Kind = command.Kind,
            ReservedAt = posting.Now,
            ExpiresAt = posting.Now + command.Lease,
            Allocations = isFree ? [] : posting.TakeAvailable(offer.WorstMicro(outputTokens)),
            FreeImages = isFree ? 1 : 0,
            Tokens = offer.InputTokens + outputTokens,
            CostNanoUsd = offer.WorstCostNanoUsd(outputTokens),
            Day = posting.State.Day.Day,
            Month = posting.State.Month.Month,
            OfferIndex = offerIndex,
            OutputTokens = outputTokens,
            Clamped = outputTokens < offer.OutputTokens,
            DowngradeReason = downgradeReason,
            ModelId = offer.ModelId,
            PriceVersion = offer.PriceVersion,
            Provider = offer.Provider,
            Member = command.Member is { } user ? posting.State.Members.GetValueOrDefault(user)?.Handle : null,
            Limits = admission.Limits.MetersOf(admission.Plan, admission.ProviderLimit),
            Claim = command.Claim,
        };
        posting.Set(posting.State with { Holds = posting.State.Holds.Add(hold), Rate = RateWindow.Admit(posting.State.Rate, command.Batch, posting.Now) });
        posting.ChangeDay(hold.Day, day => day with
        {
            FreeImagesHeld = day.FreeImagesHeld + hold.FreeImages,
            TokensHeld = day.TokensHeld + hold.Tokens,
        });
        posting.ChangeMonth(hold.Month, month => month with { CostHeldNanoUsd = month.CostHeldNanoUsd + hold.CostNanoUsd });
        posting.Write(new HoldRecord(hold, HoldStatus.Open));
        if (command.Claim is { } claim)
        {
            posting.Write(new ClaimRecord(claim, hold.OperationId, posting.Now + ClaimRecord.Life, Payload: null));
        }

        return hold;
    }
}
