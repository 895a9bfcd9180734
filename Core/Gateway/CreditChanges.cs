using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>What a change of credits came to.</summary>
/// <param name="Account">The account right after; only its credits count.</param>
public sealed record CreditsChanged(string OperationId, AccountView Account) : Repeatable(OperationId);

/// <summary>Changes credits, once for each idempotency key.</summary>
public sealed class CreditChanges(CreditAdmin admin, Replays replays, AccountViews accounts, IIdSource ids)
{
    /// <param name="claim">The idempotency key it came with; null for none.</param>
    public async Task<Answer<CreditsChanged>> ChangeAsync(string accountId, CreditChange change, Claim? claim, CancellationToken cancellationToken)
    {
        if (claim is null)
        {
            return ToAnswer(await admin.ChangeAsync(accountId, change, ids.NewOperationId(), claim: null), claim: null);
        }

        // Before anything is checked: what was right then may be wrong now, a date that has passed for one, and was carried out all the same.
        if (await replays.FindOwnerAsync(accountId, claim, cancellationToken) is { } found)
        {
            return found.Then(owner => Repeat(owner.Record, owner.Body));
        }

        // The key's own operation: after the key has expired, the change is still recognised and not made twice.
        return ToAnswer(await admin.ChangeAsync(accountId, change, "key-" + claim.KeyHash, claim), claim);
    }

    private Answer<CreditsChanged> ToAnswer(Outcome outcome, Claim? claim) => outcome switch
    {
        Posted posted => new CreditsChanged(posted.Record.OperationId, accounts.Show(posted.Credits)) { Replayed = posted.IsRepeat },
        Claimed claimed when Replays.Problem(claimed.Record, claim!) is { } problem => problem,
        Claimed claimed => Repeat(claimed.Record, body: null),
        Refused refused => refused.Refusal,
        _ => throw new InvalidOperationException($"A change of credits came to {outcome.GetType().Name}."),
    };

    // Made from what the change itself kept, so it comes out the same whoever makes it and whenever.
    private Answer<CreditsChanged> Repeat(ClaimRecord owner, string? body) =>
        new CreditsChanged(owner.OperationId, accounts.Show(CreditsThen.FromPayload(owner.Payload!))) { Replayed = true, ReplayedBody = body };
}
