using FsCheck;
using FsCheck.Fluent;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;

namespace ServerlessAi.Tests.Providers;

/// <summary>Whatever the catalog holds and whichever providers there are, these hold for the order in which models may serve.</summary>
public sealed class FallbackOrderProperties
{
    private const int Runs = 500;
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Providers = ["openai", "fal", "anthropic", "sample"];

    [Fact]
    public void The_chosen_model_comes_first_and_once() => Always((chosen, _, order) =>
        order[0] == chosen && order.Count(model => model.Model.Id == chosen.Model.Id) == 1);

    [Fact]
    public void No_model_is_dearer_than_the_chosen_one() => Always((chosen, _, order) => order.All(model =>
        model.Price.InputPrice <= chosen.Price.InputPrice
        && model.Price.OutputPrice <= chosen.Price.OutputPrice
        && model.Price.ImagePrice <= chosen.Price.ImagePrice
        && (model.Price.CachedInputPrice ?? model.Price.InputPrice) <= (chosen.Price.CachedInputPrice ?? chosen.Price.InputPrice)));

    [Fact]
    public void Fallbacks_are_active_of_the_same_kind_and_at_a_provider_that_is_there() => Always((chosen, available, order) => order.Skip(1).All(model =>
        model.Model.Active && model.Model.Kind == chosen.Model.Kind && available.Contains(model.Model.Provider)));

    [Fact]
    public void The_same_providers_models_come_before_all_others_and_each_group_by_priority() => Always((chosen, _, order) =>
    {
        var ranks = order.Skip(1).Select(model => (IsElsewhere: model.Model.Provider != chosen.Model.Provider, model.Model.FallbackPriority)).ToList();
        return ranks.SequenceEqual(ranks.OrderBy(rank => rank.IsElsewhere).ThenBy(rank => rank.FallbackPriority));
    });

    [Fact]
    public void Every_model_that_may_serve_is_in_it() => Always((chosen, available, order, catalog) =>
        catalog.Models.Count(model => model.Active && model.Kind == chosen.Model.Kind && available.Contains(model.Provider)
            && model.Id != chosen.Model.Id && PriceOrder.IsNotDearer(model.PriceAt(Now), chosen.Price)) == order.Count - 1);

    private static void Always(Func<PricedModel, HashSet<string>, IReadOnlyList<PricedModel>, bool> holds) =>
        Always((chosen, available, order, _) => holds(chosen, available, order));

    private static void Always(Func<PricedModel, HashSet<string>, IReadOnlyList<PricedModel>, Catalog, bool> holds) =>
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue - 1).NonEmptyListOf()), seeds =>
        {
            var models = seeds.Select(Model).ToList();
            var chosen = new PricedModel(models[0], models[0].PriceAt(Now));
            var available = Providers.Where((_, i) => (seeds[0] >> i & 1) != 0).ToHashSet(StringComparer.Ordinal);
            var catalog = new Catalog(models, CatalogSource.Stored);
            return holds(chosen, available, FallbackOrder.Of(chosen, catalog, available.Contains, Now), catalog);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Runs));

    // Few different prices, so that many are equal; some change within the day.
    private static ModelEntry Model(int seed, int index) => new()
    {
        Id = $"m{index}",
        Provider = Providers[seed / 3 % Providers.Length],
        ModelName = $"m{index}",
        Kind = seed / 13 % 3 == 0 ? ModelKind.Image : ModelKind.Text,
        Active = seed / 41 % 8 != 0,
        FallbackPriority = seed / 331 % 5,
        Prices = [Price(1, seed / 1_657, Now.AddDays(-9)), Price(2, seed / 7_919, Now.AddHours(seed % 24 - 12))],
    };

    private static ModelPrice Price(int version, int seed, DateTimeOffset from) => new(version, from)
    {
        InputPrice = seed % 4,
        OutputPrice = seed / 4 % 5,
        ImagePrice = seed / 20 % 3,
        CachedInputPrice = seed / 60 % 3 == 0 ? null : seed / 180 % 2,
    };
}
