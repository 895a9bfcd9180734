using System.Text.Json;
using System.Text.Json.Nodes;
using Anthropic.Models.Messages;

namespace ServerlessAi.Providers.Text;

/// <summary>The Messages API, platform.claude.com/docs/en/api/messages. Chat completions in OpenAI's form are translated to it and back.</summary>
internal sealed class AnthropicTextProvider(string name, TextVendorOptions settings, IHttpClientFactory http, TimeProvider time) : ITextProvider
{
    private const int AnswerLimit = 8 * 1024 * 1024;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static readonly Dictionary<string, JsonElement> Nothing = new(StringComparer.Ordinal);

    // The version that the client sends by itself refuses any sampling parameter; the one before takes them, for the models that have them:
    // platform.claude.com/docs/en/api/migration-2026-10-21.
    private static readonly Dictionary<string, JsonElement> WithSampling =
        new(StringComparer.Ordinal) { ["anthropic-version"] = JsonSerializer.SerializeToElement("2023-06-01") };

    private readonly AnthropicWire wire = new(settings, http, time);

    public string Name { get; } = name.ToLowerInvariant();

    public Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall call, CancellationToken cancellationToken) => wire.SendAsync(
        Params(AnthropicRequest.Of(call)),
        async stream => await ReadAsync(stream, cancellationToken) is { } answer
            ? answer.ToOutcome(call)
            : ProviderOutcome<TextResult>.Failed(ProviderFailure.BadAnswer, "The answer is empty or too large."),
        cancellationToken);

    public async Task<ProviderOutcome<ChatResult>> ForwardAsync(ChatCall call, CancellationToken cancellationToken)
    {
        var request = AnthropicRequest.Of(call);
        if (request.Value is not { } body)
        {
            return request.As<ChatResult>();
        }

        return await ChatRelays.WaitAsync(call, cancellationToken, waiting => wire.SendAsync(
            Params(body),
            async stream => call.Relay is not null ? await ChatStream.ReadAsync(stream, call, new AnthropicEvents(call, wire.Key, Now), cancellationToken)
                : await ReadAsync(stream, cancellationToken) is { } answer ? answer.ToOutcome(call, Now)
                : ProviderOutcome<ChatResult>.Failed(ProviderFailure.BadAnswer, "The answer is empty or too large."),
            waiting));
    }

    private long Now => time.GetUtcNow().ToUnixTimeSeconds();

    private static async Task<AnthropicAnswer?> ReadAsync(Stream stream, CancellationToken cancellationToken) =>
        await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken) is { } body ? JsonSerializer.Deserialize<AnthropicAnswer>(body, Json) : null;

    private static MessageCreateParams Params(JsonObject body) => MessageCreateParams.FromRawUnchecked(
        body.ContainsKey("temperature") || body.ContainsKey("top_p") ? WithSampling : Nothing, Nothing, body.Deserialize<Dictionary<string, JsonElement>>()!);
}
