using System.Text;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>What one event of a vendor's stream says.</summary>
/// <param name="Chunk">A chunk in OpenAI's form; null when there is nothing to pass on.</param>
/// <param name="Json">The same as text where it came as such.</param>
internal readonly record struct ChatEvent(JsonObject? Chunk, string? Json = null)
{
    public static readonly ChatEvent Nothing = default;

    public static readonly ChatEvent End = new() { IsEnd = true };

    /// <summary>The vendor says that all has been said.</summary>
    public bool IsEnd { get; init; }

    /// <summary>The vendor says that it cannot go on.</summary>
    public ProviderOutcome<ChatResult>? Failure { get; init; }

    public static ChatEvent Broken(ProviderOutcome<ChatResult> failure) => new() { Failure = failure };
}

/// <summary>Reads the events of one stream, in their order.</summary>
internal interface IChatEvents
{
    /// <param name="data">The data of one server-sent event.</param>
    /// <exception cref="System.Text.Json.JsonException">It is not what the vendor documents.</exception>
    ChatEvent Read(string data);
}

/// <summary>Chunks as OpenAI streams them, platform.openai.com/docs/api-reference/chat-streaming.</summary>
/// <param name="key">Ours, which no error may repeat.</param>
internal sealed class OpenAIEvents(string? key) : IChatEvents
{
    public ChatEvent Read(string data) =>
        data is "[DONE]" ? ChatEvent.End
        : ChatJson.Parse(data) is not { } chunk ? ChatEvent.Broken(ProviderOutcome<ChatResult>.Failed(ProviderFailure.BadAnswer, "An event of the stream is no object."))
        : chunk["error"] is not null ? ChatEvent.Broken(OpenAIErrors.Read<ChatResult>(500, Encoding.UTF8.GetBytes(data), key, retryAfter: null))
        : new ChatEvent(chunk, data);
}
