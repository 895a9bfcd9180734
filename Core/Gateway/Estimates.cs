using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>What a request would cost at most. Amounts in credits and USD.</summary>
public sealed record Estimate(string Model, string Provider, string Tier, int PriceVersion)
{
    public long InputTokens { get; init; }

    public int OutputTokens { get; init; }

    public decimal Credits { get; init; }

    public decimal CostUsd { get; init; }

    public decimal AvailableCredits { get; init; }

    /// <summary>The day's free quota pays.</summary>
    public bool FreeQuota { get; init; }

    public bool CanAfford { get; init; }
}

/// <summary>Quotes a request without reserving anything.</summary>
public sealed class Estimates(CatalogStore catalogs, AccountStore accounts, PlanBook plans, TimeProvider time, IOptions<AccountOptions> credits)
{
    public async Task<Answer<Estimate>> OfAsync<TRequest, TProduct>(Work<TRequest, TProduct> work, TRequest request, CancellationToken cancellationToken)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        if (work.Problem(request) is { } problem)
        {
            return problem;
        }

        var now = time.GetUtcNow();
        var quoted = work.Quote(request, await catalogs.GetAsync(cancellationToken), now);
        if (!quoted.Succeeded)
        {
            return quoted.Refusal;
        }

        var state = await accounts.ReadAsync(request.Caller.AccountId);
        return Of(quoted.Value, state, now);
    }

    private Estimate Of(Quote quote, AccountState state, DateTimeOffset now)
    {
        var limits = plans.LimitsOf(state.PlanId);
        var (selected, offer) = (quote.Selected, quote.Offers[0]);
        var outputTokens = Math.Min(offer.OutputTokens, limits.MaxOutputTokens);
        var micro = offer.WorstMicro(outputTokens);
        var available = state.AvailableMicro(now);
        var isFree = offer.FreeQuota && state.Day.FreeImagesUsed + state.Day.FreeImagesHeld < limits.FreeImagesPerDay;
        return new Estimate(selected.Model.Id, selected.Model.Provider, selected.Model.Tier.ToString().ToLowerInvariant(), selected.Price.Version)
        {
            InputTokens = offer.InputTokens,
            OutputTokens = outputTokens,
            Credits = isFree ? 0 : Money.ToCredits(micro),
            CostUsd = Money.ToUsd(offer.WorstCostNanoUsd(outputTokens)),
            AvailableCredits = Money.ToCredits(available),
            FreeQuota = isFree,
            CanAfford = isFree || available >= Math.Max(micro, Money.FromCredits(limits.MinimumBalanceUsd / credits.Value.UsdPerCredit)),
        };
    }
}
