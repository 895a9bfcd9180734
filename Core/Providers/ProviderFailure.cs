namespace ServerlessAi.Providers;

/// <summary>Why a provider gave no answer. The chain decides on this alone.</summary>
public enum ProviderFailure
{
    /// <summary>No answer within the time; whether the provider did the work is unknown.</summary>
    Timeout,

    /// <summary>The provider says that it is overloaded (503, 529, "overloaded").</summary>
    Overloaded,

    /// <summary>Our key's rate or quota at the provider is used up (429).</summary>
    RateLimited,

    /// <summary>A server error, or a connection that was never made: the vendor did no work.</summary>
    Unavailable,

    /// <summary>The connection broke after the request had gone out; whether the provider did the work is unknown.</summary>
    ConnectionLost,

    /// <summary>The answer came but was not what the vendor documents.</summary>
    BadAnswer,

    /// <summary>Our key is missing, wrong or not allowed (401, 403).</summary>
    Unauthorized,

    /// <summary>The vendor does not know the model (404).</summary>
    ModelNotFound,

    /// <summary>The vendor's API has no way to say what is asked for; another's may.</summary>
    Unsupported,

    /// <summary>The request itself is wrong; no other model would take it either.</summary>
    InvalidRequest,

    /// <summary>The vendor's safety system refused the content; asking elsewhere would be shopping around.</summary>
    ContentRefused,

    /// <summary>Not asked: the model failed too often of late, or its vendor wants to be left alone.</summary>
    CircuitOpen,

    /// <summary>Not asked: too many calls of this provider are under way, and the queue for it is full or too slow.</summary>
    Busy,
}

public static class ProviderFailures
{
    /// <summary>Whether another model may be asked.</summary>
    public static bool AllowsFallback(this ProviderFailure failure) => failure is not (ProviderFailure.InvalidRequest or ProviderFailure.ContentRefused);

    /// <summary>
    /// Whether the vendor may bill us although we have no answer: it may have done the work, and we cannot find out. Such an attempt counts with what it
    /// costs at most. The other failures are the vendor's own word that it did nothing, or came before it was asked.
    /// </summary>
    public static bool MayHaveCost(this ProviderFailure failure) => failure is ProviderFailure.Timeout or ProviderFailure.ConnectionLost or ProviderFailure.BadAnswer;

    /// <summary>Whether it is the provider's own trouble; an answer that says no is a sign of health.</summary>
    public static bool IsOfProvider(this ProviderFailure failure) => failure is ProviderFailure.Timeout or ProviderFailure.Overloaded or ProviderFailure.RateLimited
        or ProviderFailure.Unavailable or ProviderFailure.ConnectionLost or ProviderFailure.BadAnswer or ProviderFailure.Unauthorized;

    /// <summary>Whether the provider was asked at all.</summary>
    public static bool WasAsked(this ProviderFailure failure) => failure is not (ProviderFailure.CircuitOpen or ProviderFailure.Busy or ProviderFailure.Unsupported);

    /// <summary>Whether nothing is wrong but that too much is wanted at the moment.</summary>
    public static bool IsCrowding(this ProviderFailure failure) =>
        failure is ProviderFailure.Overloaded or ProviderFailure.RateLimited or ProviderFailure.CircuitOpen or ProviderFailure.Busy;

    /// <summary>The name as it stands in receipts: <c>rate_limited</c>.</summary>
    public static string ToCode(this ProviderFailure failure) => failure switch
    {
        ProviderFailure.Timeout => "timeout",
        ProviderFailure.Overloaded => "overloaded",
        ProviderFailure.RateLimited => "rate_limited",
        ProviderFailure.Unavailable => "unavailable",
        ProviderFailure.ConnectionLost => "connection_lost",
        ProviderFailure.BadAnswer => "bad_answer",
        ProviderFailure.Unauthorized => "unauthorized",
        ProviderFailure.ModelNotFound => "model_not_found",
        ProviderFailure.Unsupported => "unsupported",
        ProviderFailure.InvalidRequest => "invalid_request",
        ProviderFailure.CircuitOpen => "circuit_open",
        ProviderFailure.Busy => "busy",
        _ => "content_refused",
    };
}

/// <summary>A provider's answer, or why there is none.</summary>
public readonly record struct ProviderOutcome<T>
{
    private ProviderOutcome(T? value, ProviderFailure? failure, string? detail, TimeSpan? retryAfter)
    {
        Value = value;
        Failure = failure;
        Detail = detail;
        RetryAfter = retryAfter;
    }

    public T? Value { get; }

    public ProviderFailure? Failure { get; }

    /// <summary>The vendor's own words, shortened; logged, and shown only for <see cref="ProviderFailure.InvalidRequest"/>.</summary>
    public string? Detail { get; }

    /// <summary>How long the vendor asks us to wait; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>What broke a stream off after a part of the answer had been sent; null for a whole answer.</summary>
    public ProviderFailure? BrokenBy { get; init; }

    /// <summary>It ended early because of us: the caller has left, the request's time was used up elsewhere, or it was never sent. It says nothing of the provider.</summary>
    public bool IsAbandoned { get; init; }

    public static implicit operator ProviderOutcome<T>(T value) => new(value, failure: null, detail: null, retryAfter: null);

    public static ProviderOutcome<T> Failed(ProviderFailure failure, string? detail = null, TimeSpan? retryAfter = null) => new(default, failure, detail, retryAfter);

    /// <summary>This failure, after a part of the answer had been sent.</summary>
    public ProviderOutcome<T> Broken(T part) => new ProviderOutcome<T>(part, failure: null, detail: null, retryAfter: null) with { BrokenBy = Failure, IsAbandoned = IsAbandoned };

    /// <summary>The same failure of something else.</summary>
    public ProviderOutcome<TOther> As<TOther>() =>
        ProviderOutcome<TOther>.Failed(Failure ?? ProviderFailure.BadAnswer, Detail, RetryAfter) with { IsAbandoned = IsAbandoned };

    /// <summary>Something else made of the same answer.</summary>
    public ProviderOutcome<TOther> As<TOther>(TOther value) => new ProviderOutcome<TOther>(value, failure: null, detail: null, retryAfter: null) with { BrokenBy = BrokenBy, IsAbandoned = IsAbandoned };
}
