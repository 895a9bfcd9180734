namespace ServerlessAi.Accounts;

/// <summary>An idempotency key as a caller sent it.</summary>
/// <param name="KeyHash">SHA-256 of caller, method, route and key, lower-case hexadecimal.</param>
/// <param name="Fingerprint">SHA-256 of the request's body; the same key with another body is a mistake.</param>
public sealed record Claim(string KeyHash, string Fingerprint);

/// <summary>The row <c>idem|hash</c>: which operation a key belongs to and, once it succeeded, what answers it again.</summary>
/// <param name="Payload">What the gateway makes the answer from; null while the operation is under way.</param>
public sealed record ClaimRecord(Claim Claim, string OperationId, DateTimeOffset ExpiresAt, string? Payload)
{
    /// <summary>How long a key is remembered.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>When the operation came to its answer.</summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    public bool IsAnswered => Payload is not null;

    /// <summary>Whether the key still stands for its operation: it was answered, or the operation holds credits. A claim that lapsed may be taken over.</summary>
    public bool Binds(AccountState state, DateTimeOffset now) => ExpiresAt > now
        && (IsAnswered || state.Holds.Any(hold => string.Equals(hold.OperationId, OperationId, StringComparison.Ordinal) && hold.ExpiresAt > now));
}
