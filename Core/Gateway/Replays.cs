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
public sealed partial class Replays(Claims claims, AnswerTexts texts, TimeProvider time, ILogger<Replays> logger)
{
    /// <summary>What a refused repetition learns of the operation that is still under way.</summary>
    public const string OperationFact = "operationId";

    /// <inheritdoc cref="OperationFact"/>
    public const string StartedFact = "startedAt";

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    // Between settling and keeping the body lies one write. Until it is surely lost, making the body again could give other bytes than the first caller got.
    private static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(10);

    /// <summary>What the settling transaction keeps of an answer: enough to give it again without asking anybody.</summary>
    private sealed record Payload(CachedAnswer Answer, ImmutableArray<Attempt> Attempts, long ChargeMicro, Cost Cost, DateTimeOffset At, Receipt? Receipt);

    public static string ToPayload(CachedAnswer answer, ImmutableArray<Attempt> attempts, long chargeMicro, Cost cost) =>
        StoredJson.Write(new Payload(answer.ToStored(), attempts, chargeMicro, cost, answer.CreatedAt, Receipt: null));

    /// <summary>An answer made again from what was kept of it. Without a text that has a blob of its own.</summary>
    /// <param name="ended">The hold that paid for it; null when it came from the cache.</param>
    /// <exception cref="InvalidDataException">It was paid for, and the hold is missing.</exception>
    internal static Served ToServed(string json, HoldRecord? ended)
    {
        var payload = StoredJson.Read<Payload>(json);
        var receipt = payload.Receipt ?? (ended is not null
            ? Receipt.Of(ended.Hold, payload.Answer.Usage, payload.Attempts, ended, payload.ChargeMicro, payload.Cost)
            : throw new InvalidDataException("An answer that was paid for lost the hold it belongs to."));
        return new Served(payload.Answer, receipt, payload.At, Account: null);
    }

    /// <summary>The same where nobody asks what it cost.</summary>
    internal static Served ToListed(string json)
    {
        var payload = StoredJson.Read<Payload>(json);
        return new Served(payload.Answer, payload.Receipt ?? Receipt.OfHit("", payload.Answer.Usage) with { Cached = false }, payload.At, Account: null);
    }

    public static string ToPayload(CachedAnswer answer, Receipt receipt, DateTimeOffset at) =>
        StoredJson.Write(new Payload(answer.ToStored(), [], ChargeMicro: 0, Cost.None, at, receipt));

    /// <returns>The earlier answer, or why there is none to give; null when the key is free.</returns>
    public async Task<Answer<Served>?> FindAsync(string accountId, Claim claim, CancellationToken cancellationToken)
    {
        if (await FindOwnerAsync(accountId, claim, cancellationToken) is not { } found)
        {
            return null;
        }

        return found.Succeeded ? await ToAnswerAsync(found.Value, claim, cancellationToken) : found.Refusal;
    }

    /// <returns>Who answered the key before, or why it cannot be used; null when it is free.</returns>
    public async Task<Answer<AnsweredClaim>?> FindOwnerAsync(string accountId, Claim claim, CancellationToken cancellationToken)
    {
        if (await claims.FindAsync(accountId, claim.KeyHash, cancellationToken) is not { } owner)
        {
            return null;
        }

        return Problem(owner.Record, claim) is { } problem ? problem : owner;
    }

    /// <summary>Why a key that somebody else owns cannot be answered from what the owner kept; null when it can.</summary>
    public static Refusal? Problem(ClaimRecord owner, Claim claim) => IsSame(owner.Claim, claim) && owner.IsAnswered ? null : Refuse(owner, claim);

    /// <summary>Why a key that somebody else owns cannot be used: it came with another body, or its first request is not done.</summary>
    public static Refusal Refuse(ClaimRecord owner, Claim claim) => IsSame(owner.Claim, claim)
        ? owner.IsAnswered ? InFlight() : InFlight().With(OperationFact, owner.OperationId).With(StartedFact, owner.ExpiresAt - ClaimRecord.Life)
        : new Refusal(RefusalCodes.IdempotencyMismatch, "This Idempotency-Key was used with another body. A new request needs a new key.");

    public static Refusal InFlight() => new(RefusalCodes.IdempotencyInFlight, "Another request with this Idempotency-Key is still under way.", RetryAfter);

    /// <summary>Keeps the body of an answer. Not being able to is logged: a repetition then gets the same answer, freshly written.</summary>
    /// <returns>The body to answer with: the one that was kept first.</returns>
    public async Task<string> KeepBodyAsync(string accountId, Claim claim, string operationId, string body)
    {
        try
        {
            return await claims.KeepBodyAsync(accountId, claim.KeyHash, operationId, body, CancellationToken.None);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            LogNotKept(logger, exception);
            return body;
        }
    }

    private async Task<Answer<Served>> ToAnswerAsync(AnsweredClaim owner, Claim claim, CancellationToken cancellationToken)
    {
        if (owner.Body is null && !owner.Recovered && time.GetUtcNow() < owner.Record.AnsweredAt + BodyPatience)
        {
            return Refuse(owner.Record, claim);
        }

        var served = ToServed(owner.Record.Payload!, owner.Hold);
        // The kept body has the text already.
        var answer = owner.Body is null ? await texts.CompleteAsync(served.Answer, cancellationToken) : served.Answer;
        return answer is null ? AnswerGone() : served with { Answer = answer, Replayed = true, ReplayedBody = owner.Body };
    }

    internal static Refusal AnswerGone() => new(
        RefusalCodes.StorageUnavailable, "The answer to this Idempotency-Key cannot be read at the moment. Nothing is charged again.", TimeSpan.FromSeconds(5));

    private static bool IsSame(Claim one, Claim other) => string.Equals(one.Fingerprint, other.Fingerprint, StringComparison.Ordinal);

    [LoggerMessage(LogLevel.Warning, "The body of an answer could not be kept for its idempotency key.")]
    private static partial void LogNotKept(ILogger logger, Exception exception);
}
