using ServerlessAi.Accounts;
using ServerlessAi.Images;

namespace ServerlessAi.Caching;

/// <summary>What a provider's success leaves behind: the answer itself, or where its image is kept, and what it took.</summary>
public sealed record CachedAnswer(UsageFacts Usage, DateTimeOffset CreatedAt)
{
    public string? Text { get; init; }

    /// <summary>Where the text is kept when it is too long for a row.</summary>
    public string? TextBlob { get; init; }

    public string? FinishReason { get; init; }

    public StoredImage? Image { get; init; }

    /// <summary>What goes into a row: without a text that has a blob of its own.</summary>
    public CachedAnswer ToStored() => TextBlob is null ? this : this with { Text = null };

    /// <summary>Without what its caller named it by, which is nobody else's business.</summary>
    public CachedAnswer Unlabelled() => this with { Usage = Usage with { ChatId = null, EndUser = null, Metadata = null } };
}

/// <summary>How a request wants the cache used.</summary>
/// <param name="Use">False neither reads nor writes it.</param>
/// <param name="Ttl">How long the answer may be given again; null takes the default of its kind.</param>
public sealed record CacheUse(bool Use = true, TimeSpan? Ttl = null)
{
    /// <summary>The answer is made anew although there is one, and takes its place.</summary>
    public CachedRequest? Renewed { get; init; }

    public static readonly TimeSpan LongestTtl = TimeSpan.FromDays(30);
}
