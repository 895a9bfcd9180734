using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Generation;

/// <summary>What a request would cost at most, and whether the caller can afford it. Takes the fields of <c>complete</c>, of an image, or of <c>search</c>.</summary>
/// <param name="Kind"><c>text</c> unless said otherwise, <c>image</c>, or <c>search</c>.</param>
public sealed record EstimateInput(
    ModelKind? Kind, string? Prompt, string? System, string? Model, int? MaxTokens, string? Aspect, string? Style, string? Size, Tier? Tier,
    string? Query, string? Provider, int? MaxResults)
{
    public SearchInput ToSearch() => new(Query, Provider, Model, MaxResults, UseCache: null, CacheTTL: null);

    public TextInput ToText() => new(Prompt, System, Model, MaxTokens, Temperature: null, UseCache: null, CacheTTL: null, ChatId: null);

    public ImageInput ToImage() => new(Prompt, Aspect, Style, Size, Model, Tier, UseCache: null, CacheTTL: null);
}

/// <summary>Quotes a request without reserving anything.</summary>
public sealed class EstimateCost(Estimates estimates, TextWork text, ImageWork image, SearchWork search)
{
    [Function("estimate")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "estimate")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<EstimateInput>(Wire.Json, cancellationToken);
        var estimate = input.Succeeded ? await OfAsync(input.Value, http.Caller(), cancellationToken) : input.Refusal;
        return Answers.From(estimate, http, value => value);
    }

    private async Task<Answer<Estimate>> OfAsync(EstimateInput input, Caller caller, CancellationToken cancellationToken)
    {
        switch (input.Kind ?? ModelKind.Text)
        {
            case ModelKind.Text:
                var textRequest = input.ToText().ToRequest(caller);
                return textRequest.Succeeded ? await estimates.OfAsync(text, textRequest.Value, cancellationToken) : textRequest.Refusal;
            case ModelKind.Image:
                var imageRequest = input.ToImage().ToRequest(caller);
                return imageRequest.Succeeded ? await estimates.OfAsync(image, imageRequest.Value, cancellationToken) : imageRequest.Refusal;
            default:
                var searchRequest = input.ToSearch().ToRequest(caller);
                return searchRequest.Succeeded ? await estimates.OfAsync(search, searchRequest.Value, cancellationToken) : searchRequest.Refusal;
        }
    }
}
