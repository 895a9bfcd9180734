using System.Text.Json.Nodes;
using ServerlessAi.Access;
using ServerlessAi.Caching;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <param name="Body">The caller's JSON as it came; nobody changes it.</param>
/// <param name="Labels">What the caller wants to find the call by in reports.</param>
public sealed record ChatRequest(Caller Caller, JsonObject Body, UsageLabels Labels, CacheUse Cache) : GatewayRequest(Caller, Cache)
{
    /// <summary>Tokens of the prompt at most.</summary>
    public int InputTokens { get; } = ChatBody.InputTokens(Body);

    /// <summary>What a model must be able to do for it.</summary>
    public ChatNeeds Needs { get; } = ChatNeeds.Of(Body);

    /// <summary>Where the answer goes as it comes; null when it is wanted whole.</summary>
    public ChatRelay? Relay { get; init; }
}
