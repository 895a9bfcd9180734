namespace ServerlessAi.Caching;

/// <summary>What an answer was made from, without who asked: enough to ask again.</summary>
/// <param name="Kind">Which work it is for.</param>
/// <param name="Json">As that work writes it.</param>
public sealed record CachedRequest(string Kind, string Json)
{
    public const string Text = "text";
    public const string Chat = "chat";
    public const string Search = "search";

    /// <summary>How long its answer was to be kept.</summary>
    public TimeSpan Ttl { get; init; }
}
