using System.Collections.Immutable;
using ServerlessAi.Accounts;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>What a request would cost at most if it were sent now. Amounts in credits and USD.</summary>
/// <param name="Model">Who would serve it: the one that was named, unless a budget is used up.</param>
public sealed record Estimate(string Model, string Provider, string Tier, int PriceVersion)
{
    public required string ModelSelected { get; init; }

    /// <summary>Why a cheaper tier would serve; null when it would not.</summary>
    public string? DowngradeReason { get; init; }

    public long InputTokens { get; init; }

    /// <summary>What the answer could use, as far as plan, day and balance allow.</summary>
    public int OutputTokens { get; init; }

    /// <summary>That is less than what was asked for.</summary>
    public bool Clamped { get; init; }

    /// <summary>What would be reserved; when it would be refused, what would be needed.</summary>
    public decimal Credits { get; init; }

    public decimal CostUsd { get; init; }

    public decimal AvailableCredits { get; init; }

    /// <summary>The day's free quota pays.</summary>
    public bool FreeQuota { get; init; }

    public bool CanAfford { get; init; }

    /// <summary>The code it would be refused with; null when it would be admitted, as soon as the account's pace and running jobs let it.</summary>
    public string? RefusedWith { get; init; }
}

/// <param name="Credits">Of all items, each at its worst case, one after the other.</param>
/// <param name="CanAfford">All of them.</param>
/// <param name="Items">In their order; a refusal in the place of one that cannot be priced.</param>
public sealed record BatchEstimate(decimal Credits, decimal CostUsd, decimal AvailableCredits, bool CanAfford, ImmutableArray<Answer<Estimate>> Items);

/// <summary>Quotes requests by rehearsing what the account would decide, without reserving anything.</summary>
public sealed class Estimates(CatalogStore catalogs, AccountStore accounts, PlanStore plans, PlatformSpend spend, TimeProvider time)
{
    private sealed record Scene(Catalog Catalog, PlanBook Plans, BudgetState Budget, DateTimeOffset Now);

    public async Task<Answer<Estimate>> OfAsync(BillableItem item, string accountId, CancellationToken cancellationToken)
    {
        var scene = await SetAsync(cancellationToken);
        return Of(scene, item, await accounts.ReadAsync(accountId, scene.Now)).Estimate;
    }

    /// <summary>Each item finds the account as those before it would leave it.</summary>
    public async Task<BatchEstimate> OfAllAsync(ImmutableArray<Answer<BillableItem>> items, string accountId, CancellationToken cancellationToken)
    {
        var scene = await SetAsync(cancellationToken);
        var state = await accounts.ReadAsync(accountId, scene.Now);
        var available = Money.ToCredits(state.AvailableMicro(scene.Now));
        var estimates = ImmutableArray.CreateBuilder<Answer<Estimate>>(items.Length);
        foreach (var item in items)
        {
            var (estimate, next) = item.Succeeded ? Of(scene, item.Value, state) : (item.Refusal, state);
            estimates.Add(estimate);
            state = next;
        }

        var priced = estimates.Where(estimate => estimate.Succeeded).Select(estimate => estimate.Value!).ToList();
        return new BatchEstimate(priced.Sum(one => one.Credits), priced.Sum(one => one.CostUsd), available, priced.TrueForAll(one => one.CanAfford), estimates.ToImmutable());
    }

    private async Task<Scene> SetAsync(CancellationToken cancellationToken) =>
        new(await catalogs.GetAsync(cancellationToken), await plans.GetBookAsync(cancellationToken), await spend.GetStateAsync(cancellationToken), time.GetUtcNow());

    private (Answer<Estimate> Estimate, AccountState Next) Of(Scene scene, BillableItem item, AccountState state)
    {
        var quoted = item.Quote(scene.Catalog, scene.Now);
        if (!quoted.Succeeded)
        {
            return (quoted.Refusal, state);
        }

        var quote = quoted.Value;
        // A rehearsed hold has no lease to speak of: it ends with the estimate.
        var command = new Reserve("estimate", item.Kind, quote.Offers, scene.Plans, TimeSpan.FromDays(1), scene.Budget == BudgetState.OverSoft) { Member = item.Member };
        var rehearsal = Rehearsal.Of(state, command, scene.Now);
        return (Of(scene, quote, rehearsal, state), rehearsal.State);
    }

    private static Estimate Of(Scene scene, Quote quote, Rehearsal rehearsal, AccountState before)
    {
        var (chosen, offer) = (quote.Models[rehearsal.OfferIndex], quote.Offers[rehearsal.OfferIndex]);
        return new Estimate(chosen.Model.Id, chosen.Model.Provider, chosen.Model.Tier.ToString().ToLowerInvariant(), chosen.Price.Version)
        {
            ModelSelected = quote.Selected.Model.Id,
            DowngradeReason = rehearsal.DowngradeReason,
            InputTokens = offer.InputTokens,
            OutputTokens = rehearsal.OutputTokens,
            Clamped = rehearsal.OutputTokens < offer.OutputTokens,
            Credits = Money.ToCredits(rehearsal.Hold?.HeldMicro ?? offer.WorstMicro(rehearsal.OutputTokens)),
            CostUsd = Money.ToUsd(offer.WorstCostNanoUsd(rehearsal.OutputTokens)),
            AvailableCredits = Money.ToCredits(before.AvailableMicro(scene.Now)),
            FreeQuota = rehearsal.Hold is { FreeImages: > 0 },
            CanAfford = rehearsal.CanAfford,
            RefusedWith = scene.Budget == BudgetState.OverHard ? RefusalCodes.UsageLimitExceeded : rehearsal.Refusal?.Code,
        };
    }
}
