using System.Collections.Immutable;

namespace ServerlessAi.Primitives;

/// <summary>The stable codes a refused request carries; clients branch on them, so they never change meaning.</summary>
public static class RefusalCodes
{
    public const string InvalidRequest = "invalid_request";
    public const string Unauthenticated = "unauthenticated";
    public const string InsufficientCredits = "insufficient_credits";
    public const string ModelNotFound = "model_not_found";
    public const string ModelNotAllowed = "model_not_allowed";
    public const string Forbidden = "forbidden";
    public const string NotFound = "not_found";
    public const string PreconditionFailed = "precondition_failed";
    public const string Conflict = "conflict";
    public const string IdempotencyInFlight = "idempotency_in_flight";
    public const string IdempotencyMismatch = "idempotency_mismatch";
    public const string PayloadTooLarge = "payload_too_large";
    public const string UnsupportedMediaType = "unsupported_media_type";
    public const string ContentRefused = "content_refused";
    public const string RateLimited = "rate_limited";
    public const string ConcurrencyLimit = "concurrency_limit";
    public const string DailyTokenLimit = "daily_token_limit";
    public const string UsageLimitExceeded = "usage_limit_exceeded";
    public const string ProviderFailed = "provider_failed";
    public const string ProviderBusy = "provider_busy";
    public const string AccountBusy = "account_busy";
    public const string AccountClosed = "account_closed";
    public const string NotReached = "not_reached";
    public const string NotFinished = "not_finished";
    public const string PaymentsUnavailable = "payments_unavailable";
    public const string PaymentFailed = "payment_failed";
    public const string TooManyTries = "too_many_tries";
    public const string StorageUnavailable = "storage_unavailable";
    public const string Internal = "internal_error";
}

/// <summary>An expected "no": a value, not an exception. Nothing was charged when one is returned.</summary>
/// <param name="Code">One of <see cref="RefusalCodes"/>.</param>
/// <param name="Detail">One plain sentence for the person who reads it; nothing sensitive.</param>
/// <param name="RetryAfter">When trying again can help, how long to wait.</param>
public sealed record Refusal(string Code, string Detail, TimeSpan? RetryAfter = null)
{
    /// <summary>Further members of the problem document, such as the current usage and its limit.</summary>
    public ImmutableSortedDictionary<string, object> Facts { get; init; } = ImmutableSortedDictionary<string, object>.Empty;

    /// <summary>Waiting a moment is all that it takes; nothing has to be bought, changed or mended.</summary>
    public bool IsMomentary => Code is RefusalCodes.RateLimited or RefusalCodes.ConcurrencyLimit or RefusalCodes.AccountBusy or RefusalCodes.IdempotencyInFlight;

    public Refusal With(string name, object value) => this with { Facts = Facts.SetItem(name, value) };

    public static Refusal Invalid(string detail) => new(RefusalCodes.InvalidRequest, detail);

    public static Refusal NotFound(string detail) => new(RefusalCodes.NotFound, detail);

    public static Refusal StorageUnavailable() =>
        new(RefusalCodes.StorageUnavailable, "Storage cannot be reached at the moment. Nothing was charged; try again shortly.", TimeSpan.FromSeconds(5));

    public static Refusal AccountBusy() =>
        new(RefusalCodes.AccountBusy, "Too many requests change this account at the same moment. Nothing was charged; try again.", TimeSpan.FromSeconds(1));
}

/// <summary>Either a value or the refusal that stands in its place.</summary>
public readonly record struct Answer<T>
{
    private Answer(T? value, Refusal? refusal)
    {
        Value = value;
        Refusal = refusal;
    }

    public T? Value { get; }

    public Refusal? Refusal { get; }

    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(false, nameof(Refusal))]
    [System.Diagnostics.CodeAnalysis.MemberNotNullWhen(true, nameof(Value))]
    public bool Succeeded => Refusal is null;

    /// <summary>Goes on with the value, or keeps the refusal.</summary>
    public Answer<TNext> Then<TNext>(Func<T, Answer<TNext>> next) => Succeeded ? next(Value) : Refusal;

    public static implicit operator Answer<T>(T value) => new(value, refusal: null);

    public static implicit operator Answer<T>(Refusal refusal) => new(default, refusal);
}
