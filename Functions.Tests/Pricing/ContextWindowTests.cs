using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Pricing;

namespace ServerlessAi.Tests.Pricing;

/// <summary>A prompt must leave room for an answer, in the model that is asked for and in those that may take its place.</summary>
public sealed class ContextWindowTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Quoter Quoter = new(Options.Create(new AccountOptions()));

    private static readonly Catalog Catalog = new(
        [Model("small", 1_000, priority: 1), Model("large", 10_000, priority: 2), Model("premium", 8_000, priority: 3, Tier.Premium)], CatalogSource.Stored);

    [Theory]
    [InlineData(984, 16)]
    [InlineData(500, 500)]
    [InlineData(100, 600)]
    public void Output_is_what_the_prompt_leaves_of_the_window(int inputTokens, int outputTokens)
    {
        var quote = Quote("small", inputTokens).Value!;
        Assert.Equal(("small", outputTokens), (quote.Selected.Model.Id, quote.Offers[0].OutputTokens));
    }

    [Fact]
    public void A_prompt_that_leaves_no_room_is_refused_with_its_size_and_the_models()
    {
        var refusal = Quote("small", 985).Refusal!;
        Assert.Equal(("invalid_request", 985, 1_000), (refusal.Code, refusal.Facts["inputTokens"], refusal.Facts["contextWindow"]));
    }

    [Fact]
    public void Without_a_name_the_first_model_with_room_is_taken()
    {
        Assert.Equal("small", Quote(null, 900).Value!.Selected.Model.Id);
        Assert.Equal("large", Quote(null, 2_000).Value!.Selected.Model.Id);
        Assert.Equal(10_000, Quote(null, 20_000).Refusal!.Facts["contextWindow"]);
    }

    [Fact]
    public void Budgets_fall_back_to_a_model_with_room()
    {
        Assert.Equal(["premium", "small"], Quote("premium", 900).Value!.Models.Select(priced => priced.Model.Id));
        Assert.Equal(["premium", "large"], Quote("premium", 2_000).Value!.Models.Select(priced => priced.Model.Id));
    }

    [Fact]
    public void A_model_whose_window_is_unknown_takes_any_prompt()
    {
        var catalog = new Catalog([Model("unknown", 0, priority: 1)], CatalogSource.Stored);
        var quote = Quoter.Text(catalog, _ => true, model: null, int.MaxValue / 2, 600, Now);
        Assert.Equal(600, quote.Value!.Offers[0].OutputTokens);
    }

    [Fact]
    public void Shipped_entries_are_whole_and_no_name_means_two_models()
    {
        Assert.All(ShippedCatalog.Models, model => Assert.NotEmpty(model.Prices));
        Assert.All(ShippedCatalog.Models.Where(model => model is { Kind: ModelKind.Text, Provider: not "sample" }), model =>
            Assert.True(model.ContextWindow > model.MaxOutputTokens && model.MaxOutputTokens > 0, model.Id));
        var names = ShippedCatalog.Models.SelectMany(model => model.Aliases.Append(model.Id).Append(model.ModelName).Distinct(StringComparer.OrdinalIgnoreCase));
        Assert.Empty(names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1).Select(group => group.Key));
    }

    private static Primitives.Answer<Quote> Quote(string? model, int inputTokens) => Quoter.Text(Catalog, _ => true, model, inputTokens, 600, Now);

    private static ModelEntry Model(string id, int window, int priority, Tier tier = Tier.Standard) => new()
    {
        Id = id,
        Provider = "p",
        ModelName = id,
        Tier = tier,
        FallbackPriority = priority,
        ContextWindow = window,
        Prices = [new ModelPrice(1, DateTimeOffset.UnixEpoch) { InputPrice = 1, OutputPrice = 1 }],
    };
}
