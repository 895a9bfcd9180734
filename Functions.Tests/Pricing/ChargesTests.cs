using FsCheck;
using FsCheck.Fluent;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Pricing;

public sealed class ChargesTests
{
    private const decimal UsdPerCredit = 0.10m;

    [Fact]
    public void Ten_thousand_tokens_cost_one_credit_times_the_multiplier()
    {
        var price = new ModelPrice(1, default) { InputPrice = 1, OutputPrice = 5, CreditsPer10kTokens = 1.5m };

        Assert.Equal(1_500_000, Charges.TextChargeMicro(price, 4_000, 0, 6_000, UsdPerCredit));
    }

    [Theory]
    [InlineData(0, 10_000, 30_000_000)]
    [InlineData(2_000, 10_000, 14_000_000)]
    [InlineData(20_000, 10_000, 30_000_000)]
    public void The_worst_case_of_a_text_call_is_its_dearest_input_and_all_the_output_it_may_give(int modelMaxTokens, int outputTokens, long nanoUsd)
    {
        var price = new ModelPrice(1, default) { InputPrice = 2, CachedInputPrice = 10, OutputPrice = 2 };
        var model = new ModelEntry { Id = "m", Provider = "p", ModelName = "m", MaxOutputTokens = modelMaxTokens, Prices = [price] };

        Assert.Equal(nanoUsd, Charges.WorstCostNanoUsd(ModelKind.Text, new PricedModel(model, price), inputTokens: 1_000, outputTokens));
    }

    [Fact]
    public void The_worst_case_of_an_image_is_the_image()
    {
        var price = new ModelPrice(1, default) { ImagePrice = 0.08m, InputPrice = 5 };
        var model = new ModelEntry { Id = "m", Provider = "p", ModelName = "m", Kind = ModelKind.Image, Prices = [price] };

        Assert.Equal(80_000_000, Charges.WorstCostNanoUsd(ModelKind.Image, new PricedModel(model, price), inputTokens: 0, outputTokens: 0));
    }

    [Fact]
    public void Without_a_credit_price_the_charge_is_cost_times_multiplier()
    {
        var price = new ModelPrice(1, default) { InputPrice = 2, OutputPrice = 8, CachedInputPrice = 0.5m, ProfitMultiplier = 1.5m };

        // 500,000 × $2 + 500,000 cached × $0.50 + 1,000,000 × $8 a million = $9.25; × 1.5 ÷ $0.10 = 138.75 credits.
        Assert.Equal(9_250_000_000, Charges.TextCostNanoUsd(price, 1_000_000, 500_000, 1_000_000));
        Assert.Equal(138_750_000, Charges.TextChargeMicro(price, 1_000_000, 500_000, 1_000_000, UsdPerCredit));
    }

    [Fact]
    public void A_fraction_of_the_smallest_unit_is_rounded_up()
    {
        var price = new ModelPrice(1, default) { InputPrice = 0.0000001m };

        Assert.Equal(1, Charges.TextCostNanoUsd(price, 1, 0, 0));
        Assert.Equal(1, Charges.TextChargeMicro(price, 1, 0, 0, UsdPerCredit));
    }

    [Fact]
    public void An_image_costs_its_credits_but_never_less_than_we_pay()
    {
        Assert.Equal(1_000_000, Charges.ImageChargeMicro(new ModelPrice(1, default) { ImagePrice = 0.08m, CreditsPerImage = 1 }, UsdPerCredit));
        Assert.Equal(2_500_000, Charges.ImageChargeMicro(new ModelPrice(1, default) { ImagePrice = 0.25m, CreditsPerImage = 1 }, UsdPerCredit));
    }

    [Fact]
    public void No_charge_is_ever_below_the_cost_of_a_model_that_is_not_dearer()
    {
        var prices = Gen.Choose(0, 10_000).Four().Select(values => new ModelPrice(1, default)
        {
            InputPrice = values.Item1 / 100m,
            OutputPrice = values.Item2 / 100m,
            CachedInputPrice = values.Item3 % 2 == 0 ? null : values.Item1 / 200m,
            CreditsPer10kTokens = values.Item4 % 3 == 0 ? values.Item4 / 1_000m : null,
            ProfitMultiplier = 1 + values.Item4 % 100 / 50m,
        });
        var calls = prices.Two().SelectMany(pair => Gen.Choose(0, 100_000).Three().Select(tokens => (pair, tokens)));

        Prop.ForAll(Arb.From(calls), call =>
        {
            var ((selected, served), (input, output, cached)) = call;
            var cachedInput = Math.Min(cached, input);
            return !PriceOrder.IsNotDearer(served, selected)
                || Money.ToCredits(Charges.TextChargeMicro(selected, input, cachedInput, output, UsdPerCredit)) * UsdPerCredit
                    >= Money.ToUsd(Charges.TextCostNanoUsd(served, input, cachedInput, output)) - 0.000_000_001m;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void A_reservation_covers_whatever_the_call_may_use()
    {
        var calls = Gen.Choose(0, 10_000).Four();

        Prop.ForAll(Arb.From(calls), call =>
        {
            var (inputPrice, outputPrice, tokens, share) = call;
            var price = new ModelPrice(1, default) { InputPrice = inputPrice / 100m, OutputPrice = outputPrice / 100m, CreditsPer10kTokens = share % 2 == 0 ? share / 1_000m : null };
            var used = tokens * share / 10_000;
            var worst = Charges.MicroPerMillionTokens(price, price.InputPrice, UsdPerCredit) * tokens / Money.TokensPerRate
                + Charges.MicroPerMillionTokens(price, price.OutputPrice, UsdPerCredit) * tokens / Money.TokensPerRate;
            return Charges.TextChargeMicro(price, used, 0, used, UsdPerCredit) <= Money.RoundUp(worst) + 1;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Theory]
    [InlineData("premium", "openai-gpt-image-1")]
    [InlineData("OPUS_4", "anthropic-claude-haiku-4-5")]
    [InlineData("opus_4_1", "anthropic-claude-opus-4-5")]
    [InlineData("gpt-4.1", "openai-gpt-4.1")]
    [InlineData("fal-ai/flux/schnell", "fal-flux-schnell")]
    public void The_shipped_catalog_finds_models_by_alias_and_vendor_name(string name, string id) =>
        Assert.Equal(id, new Catalog(ShippedCatalog.Models, CatalogSource.Shipped).Find(name)?.Id);

    [Fact]
    public void The_shipped_catalog_has_the_promised_prices()
    {
        var catalog = new Catalog(ShippedCatalog.Models, CatalogSource.Shipped);
        ModelPrice Of(string id) => catalog.Find(id)!.PriceAt(World.Now);

        Assert.Equal((0.080m, 0.003m), (Of("premium").ImagePrice, Of("standard").ImagePrice));
        Assert.Equal((1m, 1.5m, 2m), (Of("OPUS_4").CreditsPer10kTokens, Of("CLAUDE_3_5").CreditsPer10kTokens, Of("OPUS_4_1").CreditsPer10kTokens));
        Assert.Equal((0.001m, 0.001m, 0.003m), (Of("tavily-search").CallPrice, Of("serper-search").CallPrice, Of("exa-search").CallPrice));
        Assert.All(ShippedCatalog.Models.SelectMany(model => model.Prices), price => Assert.True(price.ProfitMultiplier >= 1));
    }

    private static class World
    {
        public static readonly DateTimeOffset Now = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }
}
