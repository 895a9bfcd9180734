using System.Text;
using System.Text.Json.Nodes;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <param name="Body">The caller's JSON as it came; nobody changes it.</param>
/// <param name="Labels">What the caller wants to find the call by in reports.</param>
public sealed record EmbeddingRequest(Caller Caller, JsonObject Body, UsageLabels Labels, CacheUse Cache) : GatewayRequest(Caller, Cache);

/// <summary>Embedding texts in OpenAI's JSON.</summary>
public sealed class EmbeddingWork(Quoter quoter, ProviderRegistry providers) : Work<EmbeddingRequest, ChatResult>
{
    private const int InputsLimit = 2_048;
    private const int InputTokensLimit = 300_000;

    public override WorkKind Kind => WorkKind.Embedding;

    public override TimeSpan DefaultTtl => TimeSpan.FromHours(1);

    public override Refusal? Problem(EmbeddingRequest request)
    {
        if (ChatBody.Model(request.Body) is not { Length: > 0 })
        {
            return Refusal.Invalid("'model' is required.").With("param", "model");
        }

        return IsInput(request.Body["input"]) && InputTokens(request.Body) <= InputTokensLimit
            ? request.Labels.Problem()
            : Refusal.Invalid($"'input' must be a text, a list of up to {InputsLimit} texts, or tokens.").With("param", "input");
    }

    public override string CacheKey(EmbeddingRequest request, Catalog catalog)
    {
        var name = ChatBody.Model(request.Body)!;
        return PromptHash.OfChat("embedding " + (catalog.Find(name)?.Id ?? name), ChatBody.Question(request.Body), outputTokens: 0);
    }

    public override Answer<Quote> Quote(EmbeddingRequest request, Catalog catalog, DateTimeOffset now)
    {
        var name = ChatBody.Model(request.Body)!;
        return NamedModel.Find(catalog, ModelKind.Embedding, name, providers) is { } problem
            ? problem
            : quoter.Embedding(catalog, provider => providers.IsAvailable(ModelKind.Embedding, provider), name, InputTokens(request.Body), now);
    }

    public override async Task<ProviderOutcome<ChatResult>> CallAsync(EmbeddingRequest request, ModelEntry model, Hold hold, CancellationToken cancellationToken)
    {
        var provider = providers.Embedding(model.Provider) ?? throw new InvalidOperationException($"No adapter serves '{model.Provider}'.");
        var body = request.Body.DeepClone().AsObject();
        body.Remove("userId");
        body.Remove("user_id");
        body.Remove("metadata");
        body["model"] = model.ModelName;
        return await provider.EmbedAsync(new EmbeddingCall(model.ModelName, body, InputTokens(request.Body)), cancellationToken);
    }

    public override UsageFacts Measure(EmbeddingRequest request, ChatResult product, UsageFacts usage) => request.Labels.On(TokenUsages.Measure(product.Usage, usage));

    public override UsageFacts Label(EmbeddingRequest request, UsageFacts usage) => request.Labels.On(usage);

    public override Task<CachedAnswer> KeepAsync(ChatResult product, UsageFacts usage, Hold hold, DateTimeOffset now) =>
        Task.FromResult(new CachedAnswer(usage, now) { Text = product.Json });

    private static bool IsInput(JsonNode? input) => input switch
    {
        JsonArray many => many.Count is > 0 and <= InputsLimit && (many.All(IsText) || many.All(IsToken) || many.All(one => one is JsonArray { Count: > 0 } tokens && tokens.All(IsToken))),
        _ => IsText(input),
    };

    private static bool IsText(JsonNode? node) => ChatJson.Text(node) is { Length: > 0 };

    private static bool IsToken(JsonNode? node) => ChatJson.Int(node) is >= 0;

    // A token that is given as a number is one.
    private static int InputTokens(JsonObject body) => Tokens(body["input"]);

    private static int Tokens(JsonNode? input) => input switch
    {
        JsonArray many => many.Sum(Tokens),
        _ => ChatJson.Text(input) is { } text ? TokenEstimate.OfBytes(Encoding.UTF8.GetByteCount(text)) : 1,
    };
}
