using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>Completing one prompt.</summary>
public sealed class TextWork(Quoter quoter, ProviderRegistry providers) : Work<TextRequest, TextResult>
{
    private const int PromptLimit = 200_000;
    private const int DefaultOutputTokens = 1_024;
    private const int OutputTokensLimit = 200_000;
    private const int ChatIdLimit = 128;

    public override WorkKind Kind => WorkKind.Text;

    public override TimeSpan DefaultTtl => TimeSpan.FromHours(1);

    public override Refusal? Problem(TextRequest request)
    {
        if (string.IsNullOrWhiteSpace(request.Prompt) || request.Prompt.Length + (request.System?.Length ?? 0) > PromptLimit)
        {
            return Refusal.Invalid($"'prompt' must have 1 to {PromptLimit} characters, 'system' included.");
        }

        if (request.MaxTokens is < 1 or > OutputTokensLimit)
        {
            return Refusal.Invalid($"'maxTokens' must be between 1 and {OutputTokensLimit}.");
        }

        if (request.Temperature is { } temperature && temperature is not (>= 0 and <= 2))
        {
            return Refusal.Invalid("'temperature' must be between 0 and 2.");
        }

        return request.ChatId is { Length: 0 or > ChatIdLimit } ? Refusal.Invalid($"'chatId' must have 1 to {ChatIdLimit} characters.") : null;
    }

    public override string CacheKey(TextRequest request, Catalog catalog) => PromptHash.OfText(
        request.Model is { } name ? catalog.Find(name)?.Id ?? name : "", request.Prompt, request.System, OutputTokens(request), request.Temperature);

    public override Answer<Quote> Quote(TextRequest request, Catalog catalog, DateTimeOffset now) => quoter.Text(
        catalog, provider => providers.IsAvailable(ModelKind.Text, provider), request.Model, InputTokens(request), OutputTokens(request), now);

    public override bool CanServe(TextRequest request, ModelEntry model) => model.HasRoomFor(InputTokens(request));

    public override async Task<ProviderOutcome<TextResult>> CallAsync(TextRequest request, ModelEntry model, Hold hold, CancellationToken cancellationToken)
    {
        var provider = providers.Text(model.Provider) ?? throw new InvalidOperationException($"No adapter serves '{model.Provider}'.");
        var outputTokens = model.OutputTokens(hold.OutputTokens, InputTokens(request));
        var call = new TextCall(model.ModelName, request.Prompt, outputTokens, request.Temperature, request.System);
        if (request.Relay is not { } relay)
        {
            return await provider.CompleteAsync(call, cancellationToken);
        }

        relay.ModelServed = model.Id;
        return TextChat.Read(await provider.ForwardAsync(TextChat.Of(call, InputTokens(request), relay), cancellationToken));
    }

    public override CachedRequest ToRenew(TextRequest request) =>
        new(CachedRequest.Text, StoredJson.Write(new RenewableText(request.Prompt, request.System, request.Model, request.MaxTokens, request.Temperature)));

    public override bool MayAskAnother(TextRequest request) => request.Relay?.MayAskAnother ?? true;

    public override UsageFacts Measure(TextRequest request, TextResult product, UsageFacts usage) => Label(request, TokenUsages.Measure(product.Usage, usage, product.IsPartial)) with { HasPictures = false, HasTools = false };

    public override UsageFacts Label(TextRequest request, UsageFacts usage) => usage with { ChatId = request.ChatId };

    public override Task<CachedAnswer> KeepAsync(TextResult product, UsageFacts usage, Hold hold, DateTimeOffset now) =>
        Task.FromResult(new CachedAnswer(usage, now) { Text = product.Text, FinishReason = product.FinishReason });

    private static int OutputTokens(TextRequest request) => request.MaxTokens ?? DefaultOutputTokens;

    private static int InputTokens(TextRequest request) =>
        TokenEstimate.OfPrompt(request.Prompt) + (request.System is { } system ? TokenEstimate.OfPrompt(system) : 0);
}
