using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <summary>Completing a chat in OpenAI's JSON, whole or as a stream.</summary>
public sealed class ChatWork(Quoter quoter, ProviderRegistry providers) : Work<ChatRequest, ChatResult>
{
    public override WorkKind Kind => WorkKind.Text;

    public override TimeSpan DefaultTtl => TimeSpan.FromHours(1);

    public override Refusal? Problem(ChatRequest request) => ChatBody.Problem(request.Body) ?? request.Labels.Problem();

    public override string CacheKey(ChatRequest request, Catalog catalog)
    {
        var name = ChatBody.Model(request.Body)!;
        return PromptHash.OfChat(catalog.Find(name)?.Id ?? name, ChatBody.Question(request.Body), ChatBody.OutputTokens(request.Body));
    }

    public override Answer<Quote> Quote(ChatRequest request, Catalog catalog, DateTimeOffset now)
    {
        var name = ChatBody.Model(request.Body)!;
        if (NamedModel.Find(catalog, ModelKind.Text, name, providers) is { } missing)
        {
            return missing;
        }

        var named = catalog.Find(name)!;
        if (request.Needs.Problem(named) is { } problem)
        {
            return problem;
        }

        var able = catalog.Where(model => model.Kind != ModelKind.Text || ReferenceEquals(model, named) || request.Needs.AreMetBy(model));
        return quoter.Text(
            able, provider => providers.IsAvailable(ModelKind.Text, provider), named.Id, request.InputTokens, ChatBody.OutputTokens(request.Body), now);
    }

    public override bool CanServe(ChatRequest request, ModelEntry model) => model.HasRoomFor(request.InputTokens) && request.Needs.AreMetBy(model);

    public override bool MayAskAnother(ChatRequest request) => request.Relay?.MayAskAnother ?? true;

    public override async Task<ProviderOutcome<ChatResult>> CallAsync(ChatRequest request, ModelEntry model, Hold hold, CancellationToken cancellationToken)
    {
        var provider = providers.Text(model.Provider) ?? throw new InvalidOperationException($"No adapter serves '{model.Provider}'.");
        var outputTokens = model.OutputTokens(hold.OutputTokens, request.InputTokens);
        var body = ChatBody.For(request.Body, model.ModelName, outputTokens, request.Relay is not null);
        if (request.Relay is { } relay)
        {
            relay.ModelServed = model.Id;
        }

        var call = new ChatCall(model.ModelName, body, outputTokens, request.InputTokens) { Relay = request.Relay };
        return await provider.ForwardAsync(call, cancellationToken);
    }

    public override CachedRequest ToRenew(ChatRequest request) => new(CachedRequest.Chat, ChatBody.Anonymous(request.Body));

    public override UsageFacts Measure(ChatRequest request, ChatResult product, UsageFacts usage) =>
        request.Labels.On(TokenUsages.Measure(product.Usage, usage, product.IsPartial)) with { HasPictures = request.Needs.Vision, HasTools = request.Needs.Tools is not null };

    public override UsageFacts Label(ChatRequest request, UsageFacts usage) => request.Labels.On(usage);

    public override Task<CachedAnswer> KeepAsync(ChatResult product, UsageFacts usage, Hold hold, DateTimeOffset now) =>
        Task.FromResult(new CachedAnswer(usage, now) { Text = product.Json });
}
