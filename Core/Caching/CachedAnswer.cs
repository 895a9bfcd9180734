using ServerlessAi.Accounts;
using ServerlessAi.Images;

namespace ServerlessAi.Caching;

/// <summary>What a provider's success leaves behind: the answer itself, or where its image is kept, and what it took.</summary>
public sealed record CachedAnswer(UsageFacts Usage, DateTimeOffset CreatedAt)
{
    public string? Text { get; init; }

    public string? FinishReason { get; init; }

    public StoredImage? Image { get; init; }
}

/// <summary>How a request wants the cache used.</summary>
/// <param name="Use">False neither reads nor writes it.</param>
/// <param name="Ttl">How long the answer may be given again; null takes the default of its kind.</param>
public sealed record CacheUse(bool Use = true, TimeSpan? Ttl = null)
{
    public static readonly TimeSpan LongestTtl = TimeSpan.FromDays(30);
}
