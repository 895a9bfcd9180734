using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Functions.Http;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

public sealed record ModelPriceList([property: JsonPropertyName("models")] ImmutableArray<ModelPriceOutput> Models);

/// <summary>A catalog entry with the price in force, in the names of the request body (mission A10).</summary>
public sealed record ModelPriceOutput(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("provider")] string Provider,
    [property: JsonPropertyName("model_name")] string ModelName,
    [property: JsonPropertyName("kind")] ModelKind Kind,
    [property: JsonPropertyName("tier")] Tier Tier,
    [property: JsonPropertyName("aliases")] ImmutableArray<string> Aliases,
    [property: JsonPropertyName("active")] bool Active,
    [property: JsonPropertyName("fallback_priority")] int FallbackPriority,
    [property: JsonPropertyName("max_output_tokens")] int MaxOutputTokens,
    [property: JsonPropertyName("context_window")] int ContextWindow,
    [property: JsonPropertyName("vision")] bool? Vision,
    [property: JsonPropertyName("tools")] bool? Tools,
    [property: JsonPropertyName("access")] string? Access,
    [property: JsonPropertyName("input_price")] decimal InputPrice,
    [property: JsonPropertyName("output_price")] decimal OutputPrice,
    [property: JsonPropertyName("cached_input_price")] decimal? CachedInputPrice,
    [property: JsonPropertyName("image_price")] decimal ImagePrice,
    [property: JsonPropertyName("call_price")] decimal CallPrice,
    [property: JsonPropertyName("profit_multiplier")] decimal ProfitMultiplier,
    [property: JsonPropertyName("credits_per_10k_tokens")] decimal? CreditsPer10kTokens,
    [property: JsonPropertyName("credits_per_image")] decimal? CreditsPerImage,
    [property: JsonPropertyName("price_version")] int PriceVersion,
    [property: JsonPropertyName("effective_from")] DateTimeOffset EffectiveFrom,
    [property: JsonPropertyName("scheduled")] ImmutableArray<DateTimeOffset> Scheduled,
    [property: JsonPropertyName("etag")] string ETag)
{
    public static ModelPriceOutput Of(ModelEntry model, DateTimeOffset now)
    {
        var price = model.PriceAt(now);
        return new ModelPriceOutput(
            model.Id, model.Provider, model.ModelName, model.Kind, model.Tier, model.Aliases, model.Active, model.FallbackPriority, model.MaxOutputTokens,
            model.ContextWindow, model.Vision, model.Tools, model.Access, price.InputPrice, price.OutputPrice, price.CachedInputPrice, price.ImagePrice, price.CallPrice, price.ProfitMultiplier, price.CreditsPer10kTokens,
            price.CreditsPerImage, price.Version, price.EffectiveFrom,
            [.. model.Prices.Where(other => other.EffectiveFrom > now).Select(other => other.EffectiveFrom)], model.ETag);
    }

    public static IActionResult Answer(Answer<ModelEntry> answer, HttpRequest http, TimeProvider time, int status = StatusCodes.Status200OK)
    {
        if (answer.Succeeded)
        {
            http.HttpContext.Response.Headers.ETag = answer.Value.ETag;
        }

        return Answers.From(answer, http, model => Of(model, time.GetUtcNow()), status);
    }
}
