using System.ClientModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>Embeddings in OpenAI's own JSON, as they are to be sent to one model.</summary>
/// <param name="InputTokens">As estimated; what counts when the vendor does not say.</param>
public sealed record EmbeddingCall(string Model, JsonObject Body, int InputTokens);

/// <summary>One vendor of embeddings.</summary>
public interface IEmbeddingProvider
{
    /// <summary>As catalog entries name it.</summary>
    string Name { get; }

    /// <summary>Forwards once, without retrying. Vendor errors come back as failures; only cancellation throws.</summary>
    Task<ProviderOutcome<ChatResult>> EmbedAsync(EmbeddingCall call, CancellationToken cancellationToken);
}

/// <summary>Embeddings, platform.openai.com/docs/api-reference/embeddings/create.</summary>
internal sealed class OpenAIEmbeddingProvider(OpenAIClients clients) : IEmbeddingProvider
{
    private const int AnswerLimit = 16 * 1024 * 1024;

    public string Name => "openai";

    public async Task<ProviderOutcome<ChatResult>> EmbedAsync(EmbeddingCall call, CancellationToken cancellationToken)
    {
        using var body = BinaryContent.Create(BinaryData.FromString(ChatJson.Write(call.Body)));
        return await clients.SendAsync(
            (client, options) => client.GetEmbeddingClient(call.Model).GenerateEmbeddingsAsync(body, options),
            async stream => await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken) is { } json
                ? Read(Encoding.UTF8.GetString(json), call)
                : ProviderOutcome<ChatResult>.Failed(ProviderFailure.BadAnswer, "The answer is too large."),
            cancellationToken);
    }

    private static ProviderOutcome<ChatResult> Read(string json, EmbeddingCall call) =>
        ChatJson.Parse(json) is { } answer && answer["data"] is JsonArray { Count: > 0 }
            ? new ChatResult(json, ChatUsage.Read(answer["usage"] as JsonObject) ?? new TokenUsage(call.InputTokens, 0) { IsReported = false })
            : ProviderOutcome<ChatResult>.Failed(ProviderFailure.BadAnswer, "The answer has no embeddings.");
}

/// <summary>Vectors made without any AI: the same input always gives the same, of unit length. For trying the gateway without a key.</summary>
internal sealed class SampleEmbeddingProvider : IEmbeddingProvider
{
    private const int Dimensions = 8;
    private const int BytesPerToken = 4;

    public string Name => ProviderRegistry.Sample;

    public Task<ProviderOutcome<ChatResult>> EmbedAsync(EmbeddingCall call, CancellationToken cancellationToken)
    {
        // Tokens instead of text: a list of numbers, or a list of such lists.
        JsonNode[] inputs = call.Body["input"] is JsonArray { Count: > 0 } many && many[0] is not JsonValue { } first ? [.. many.Select(one => one!)]
            : call.Body["input"] is JsonArray texts && ChatJson.Text(texts[0]) is not null ? [.. texts.Select(one => one!)] : [call.Body["input"]!];
        var isBase64 = ChatJson.Text(call.Body["encoding_format"]) is "base64";
        var tokens = inputs.Sum(input => Math.Max(1, ChatJson.Write(input).Length / BytesPerToken));
        var answer = new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. inputs.Select((input, index) => new JsonObject { ["object"] = "embedding", ["index"] = index, ["embedding"] = Embed(ChatJson.Write(input), isBase64) })]),
            ["model"] = call.Model,
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        };
        return Task.FromResult<ProviderOutcome<ChatResult>>(new ChatResult(ChatJson.Write(answer), new TokenUsage(tokens, 0)));
    }

    private static JsonNode Embed(string input, bool isBase64)
    {
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes(input));
        var raw = bytes.Take(Dimensions).Select(value => value - 127.5f).ToArray();
        var length = MathF.Sqrt(raw.Sum(value => value * value));
        var vector = raw.Select(value => value / length).ToArray();
        return isBase64 ? Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan())) : new JsonArray([.. vector.Select(value => JsonValue.Create(value))]);
    }
}
