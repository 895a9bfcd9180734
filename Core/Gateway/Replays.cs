using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>
/// Idempotency keys: the first request with a key is carried out, a repetition gets its answer again. One that is still under way refuses the
/// repetition; one that never came to an answer can be repeated.
/// </summary>
public sealed partial class Replays(Claims claims, TimeProvider time, ILogger<Replays> logger)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    // Between settling and keeping the body lies one write. Until it is surely lost, making the body again could give other bytes than the first caller got.
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(10);

    /// <summary>What the settling transaction keeps of an answer: enough to give it again without asking anybody.</summary>
    private sealed record Payload(CachedAnswer Answer, ImmutableArray<Attempt> Attempts, long ChargeMicro, Cost Cost, Receipt? Receipt);

    public static string ToPayload(CachedAnswer answer, ImmutableArray<Attempt> attempts, long chargeMicro, Cost cost) =>
        StoredJson.Write(new Payload(answer, attempts, chargeMicro, cost, Receipt: null));

    public static string ToPayload(CachedAnswer answer, Receipt receipt) =>
        StoredJson.Write(new Payload(answer, [], ChargeMicro: 0, Cost.None, receipt));

    /// <returns>The earlier answer, or why there is none to give; null when the key is free.</returns>
    public async Task<Answer<Served>?> FindAsync(string accountId, Claim claim, CancellationToken cancellationToken) =>
        await claims.FindAsync(accountId, claim.KeyHash, cancellationToken) is { } owner ? (Answer<Served>?)ToAnswer(owner, claim) : null;

    /// <summary>Why a key that somebody else owns cannot be used: it came with another body, or its first request is not done.</summary>
    public static Refusal Refuse(ClaimRecord owner, Claim claim) => IsSame(owner.Claim, claim)
        ? new Refusal(RefusalCodes.IdempotencyInFlight, "The first request with this Idempotency-Key is still under way.", RetryAfter)
        : new Refusal(RefusalCodes.IdempotencyMismatch, "This Idempotency-Key was used with another body. A new request needs a new key.");

    /// <summary>Keeps the body of an answer. Not being able to is logged: a repetition then gets the same answer, freshly written.</summary>
    public async Task KeepBodyAsync(string accountId, Claim claim, string body)
    {
        try
        {
            await claims.KeepBodyAsync(accountId, claim.KeyHash, body, CancellationToken.None);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            LogNotKept(logger, exception);
        }
    }

    private Answer<Served> ToAnswer(AnsweredClaim owner, Claim claim)
    {
        var isGoingOut = owner.Body is null && !owner.Recovered && time.GetUtcNow() < owner.Record.AnsweredAt + BodyPatience;
        if (!IsSame(owner.Record.Claim, claim) || owner.Record.Payload is not { } json || isGoingOut)
        {
            return Refuse(owner.Record, claim);
        }

        var payload = StoredJson.Read<Payload>(json);
        var receipt = payload.Receipt ?? (owner.Hold is { } ended
            ? Receipt.Of(ended.Hold, payload.Answer.Usage, payload.Attempts, ended, payload.ChargeMicro, payload.Cost)
            : throw new InvalidDataException("An answered idempotency key lost the hold it belongs to."));
        return new Served(payload.Answer, receipt, Account: null) { Replayed = true, ReplayedBody = owner.Body };
    }

    private static bool IsSame(Claim one, Claim other) => string.Equals(one.Fingerprint, other.Fingerprint, StringComparison.Ordinal);

    [LoggerMessage(LogLevel.Warning, "The body of an answer could not be kept for its idempotency key.")]
    private static partial void LogNotKept(ILogger logger, Exception exception);
}
