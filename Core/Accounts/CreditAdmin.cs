using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>Credits given and taken by an admin.</summary>
public sealed class CreditAdmin(AccountStore accounts, TimeProvider time)
{
    private const decimal CreditsLimit = 1_000_000m;
    private const int ReasonLimit = 200;

    /// <param name="credits">More than zero adds, less takes away.</param>
    /// <param name="operationId">Repeating the same id changes nothing and answers the same.</param>
    public async Task<Answer<OperationRecord>> ChangeAsync(
        string accountId, decimal credits, GrantKind kind, string reason, DateTimeOffset? expiresAt, string operationId)
    {
        if (credits == 0 || Math.Abs(credits) > CreditsLimit || decimal.Round(credits, 6) != credits)
        {
            return Refusal.Invalid($"'amount' must be credits other than 0, at most {CreditsLimit:0} either way, with at most six decimals.");
        }

        if (reason.Length > ReasonLimit)
        {
            return Refusal.Invalid($"'reason' has at most {ReasonLimit} characters.");
        }

        if (expiresAt <= time.GetUtcNow())
        {
            return Refusal.Invalid("'expires_at' is in the past.");
        }

        var micro = Money.FromCredits(Math.Abs(credits));
        Command command = credits > 0
            ? new Grant(operationId, kind, micro, reason) { ExpiresAt = expiresAt }
            : new Deduct(operationId, micro, reason);
        return await accounts.ExecuteAsync(accountId, command) switch
        {
            Posted posted => posted.Record,
            Refused refused => refused.Refusal,
            var other => throw new InvalidOperationException($"A change of credits came to {other.GetType().Name}."),
        };
    }
}
