using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>A chat completion in OpenAI's own JSON, as it is to be sent to one model.</summary>
/// <param name="Model">The vendor's name of the model; in <paramref name="Body"/> too.</param>
/// <param name="Body">The caller's members, with model, output limit and stream options of this call. Whoever gets it may change it.</param>
/// <param name="MaxOutputTokens">What all choices together may use.</param>
/// <param name="InputTokens">As estimated; what counts when the vendor does not say.</param>
public sealed record ChatCall(string Model, JsonObject Body, int MaxOutputTokens, int InputTokens)
{
    /// <summary>Where chunks go as they come; null when the answer is wanted whole.</summary>
    public ChatRelay? Relay { get; init; }
}

/// <param name="Json">The completion as the vendor wrote it, or as put together from its chunks.</param>
public sealed record ChatResult(string Json, TokenUsage Usage)
{
    /// <summary>It ended before its end; <see cref="Usage"/> is what was sent, as estimated.</summary>
    public bool IsPartial { get; init; }
}
