using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Pricing;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <summary>Something billable that a caller wants.</summary>
public abstract record GatewayRequest(Caller Caller, CacheUse Cache)
{
    /// <summary>The idempotency key it came with; null for none.</summary>
    public Claim? Claim { get; init; }

    /// <summary>The limits of work that the installation does for itself, at no charge to anybody; null for a caller's.</summary>
    public PlanBook? OnTheHouse { get; init; }

    /// <summary>The batch that it is an item of, which tries again what a moment's waiting can change; null when it came alone.</summary>
    public string? Batch { get; init; }

    /// <summary>Told the operation's id when it has its hold, and so will be seen through whoever waits for it; null when nobody wants to know.</summary>
    public Action<string>? Started { get; init; }
}

/// <param name="Aspect">One of <see cref="ImageWork.Aspects"/>.</param>
/// <param name="Style">A few words for the look, or empty.</param>
/// <param name="Size">A print size such as <c>24x36</c>, or empty; part of the cache key.</param>
/// <param name="Model">Id, alias or vendor name; null takes the tier's default.</param>
public sealed record ImageRequest(Caller Caller, string Prompt, string Aspect, string Style, string Size, string? Model, Tier Tier, CacheUse Cache)
    : GatewayRequest(Caller, Cache);

/// <param name="MaxTokens">Output tokens wanted at most; null for the default.</param>
/// <param name="ChatId">Groups calls for reporting; null for none.</param>
public sealed record TextRequest(
    Caller Caller, string Prompt, string? System, string? Model, int? MaxTokens, double? Temperature, string? ChatId, CacheUse Cache)
    : GatewayRequest(Caller, Cache)
{
    /// <summary>Where the answer goes as it comes; null when it is wanted whole.</summary>
    public ChatRelay? Relay { get; init; }
}

/// <param name="Provider">Whose search; null for any, or for that of <paramref name="Model"/>.</param>
/// <param name="Model">Id, alias or vendor name; null takes the first in fallback order.</param>
/// <param name="MaxResults">Results wanted at most; null for the default.</param>
public sealed record SearchRequest(Caller Caller, string Query, string? Provider, string? Model, int? MaxResults, CacheUse Cache) : GatewayRequest(Caller, Cache);

/// <summary>What a request came to that may be sent again with the same idempotency key.</summary>
/// <param name="OperationId">Whose answer it is.</param>
public abstract record Repeatable(string OperationId)
{
    /// <summary>This answer was given before, to an earlier request with the same key.</summary>
    public bool Replayed { get; init; }

    /// <summary>The body as it went out then; null when it never did.</summary>
    public string? ReplayedBody { get; init; }
}

/// <summary>What a billable request came to.</summary>
/// <param name="At">When it was first given: what limits the life of its URLs counts from here, so that giving it again gives the same.</param>
/// <param name="Account">The account right after the charge; null for a cached answer, which does not touch it.</param>
public sealed record Served(CachedAnswer Answer, Receipt Receipt, DateTimeOffset At, AccountState? Account) : Repeatable(Receipt.OperationId)
{
    public bool Cached => Receipt.Cached;
}
