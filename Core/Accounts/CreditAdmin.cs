using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <param name="Credits">More than zero adds, less takes away.</param>
public sealed record CreditChange(decimal Credits, GrantKind Kind, string Reason, DateTimeOffset? ExpiresAt);

/// <summary>Credits given and taken by an admin.</summary>
public sealed class CreditAdmin(AccountStore accounts, TimeProvider time)
{
    private const decimal CreditsLimit = 1_000_000m;
    private const int ReasonLimit = 200;

    /// <param name="operationId">Repeating the same id changes nothing.</param>
    /// <param name="claim">The idempotency key it came with; null for none.</param>
    /// <returns><see cref="Posted"/>, <see cref="Claimed"/> by whoever came first with the key, or <see cref="Refused"/>.</returns>
    public async Task<Outcome> ChangeAsync(string accountId, CreditChange change, string operationId, Claim? claim)
    {
        if (Problem(change) is { } problem)
        {
            return new Refused(problem);
        }

        var micro = Money.FromCredits(Math.Abs(change.Credits));
        Change command = change.Credits > 0
            ? new Grant(operationId, change.Kind, micro, change.Reason) { ExpiresAt = change.ExpiresAt }
            : new Deduct(operationId, micro, change.Reason);
        return await accounts.ExecuteAsync(accountId, command with { Claim = claim });
    }

    private Refusal? Problem(CreditChange change)
    {
        if (change.Credits == 0 || Math.Abs(change.Credits) > CreditsLimit || decimal.Round(change.Credits, 6) != change.Credits)
        {
            return Refusal.Invalid($"'amount' must be credits other than 0, at most {CreditsLimit:0} either way, with at most six decimals.");
        }

        if (change.Reason.Length > ReasonLimit)
        {
            return Refusal.Invalid($"'reason' has at most {ReasonLimit} characters.");
        }

        return change.ExpiresAt <= time.GetUtcNow() ? Refusal.Invalid("'expires_at' is in the past.") : null;
    }
}
