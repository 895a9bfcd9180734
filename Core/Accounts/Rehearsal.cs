using ServerlessAi.Accounts.Rules;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>What reserving would come to, decided by the same rules and written nowhere. Limits that a moment's waiting gets past are not asked.</summary>
/// <param name="State">The account as it would be with the hold.</param>
/// <param name="OfferIndex">Which offer the budgets leave.</param>
/// <param name="OutputTokens">What the call could use; when it is refused, what it would ask for.</param>
/// <param name="Hold">Null when it would be refused.</param>
public sealed record Rehearsal(AccountState State, int OfferIndex, string? DowngradeReason, int OutputTokens, Hold? Hold, Refusal? Refusal)
{
    /// <summary>The free quota or the credits are there, whatever else may be in the way.</summary>
    public bool CanAfford { get; private init; }

    public static Rehearsal Of(AccountState state, Reserve command, DateTimeOffset now)
    {
        var posting = new Posting(state, now);
        Housekeeping.Apply(posting, command.OperationId);
        var (offerIndex, downgradeReason) = Budget.Choose(posting.State, command);
        var admission = new Admission(posting.State, command, command.Offers[offerIndex], now);
        if (AdmissionRules.FirstLasting(admission) is { } refusal)
        {
            var outputTokens = Math.Min(admission.Offer.OutputTokens, admission.Limits.MaxOutputTokens);
            return new Rehearsal(posting.State, offerIndex, downgradeReason, outputTokens, Hold: null, refusal) { CanAfford = Funds.CoverTheOffer(admission) is null };
        }

        var hold = Reserving.Take(posting, admission, offerIndex, downgradeReason);
        return new Rehearsal(posting.State, offerIndex, downgradeReason, hold.OutputTokens, hold, Refusal: null) { CanAfford = true };
    }
}
