using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Plans;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Reporting;

/// <summary>A model that would have done the same calls for less.</summary>
/// <param name="CreditsNow">What the calls of the month come to at the present price of the model that was selected.</param>
/// <param name="CreditsThen">What the same tokens, images or calls come to at the price of the other.</param>
/// <param name="Arithmetic">The sum, for a reader.</param>
public sealed record ModelAdvice(string Model, string Instead, long Calls, decimal CreditsNow, decimal CreditsThen, decimal Saves, string Arithmetic);

/// <summary>What a month like that one comes to on a plan: its price, and the credits beyond those it grants.</summary>
/// <param name="Fits">Its limits would have allowed the month.</param>
public sealed record PlanCost(string Plan, decimal Price, decimal CreditsGranted, decimal CreditsBought, decimal Total, bool Fits, string Arithmetic);

/// <param name="Period">The month that is looked at, <c>yyyy-MM</c>: the last one, or the running one when nothing was used in that.</param>
/// <param name="BetterPlan">Absent when the present plan is the best.</param>
/// <param name="Plans">The arithmetic for each plan on offer and the present one; USD.</param>
public sealed record Advice(string Period, ImmutableArray<ModelAdvice> Models, string CurrentPlan, string? BetterPlan, decimal PlanSaves, ImmutableArray<PlanCost> Plans);

/// <summary>Looks at a month's report for what would have been cheaper (mission D13). It says what it says by prices alone: quality is for people to judge.</summary>
public sealed class Recommendations(AccountStore accounts, PlanStore plans, CatalogStore catalogs, RollUps rollUps, IOptions<AccountOptions> credits, TimeProvider time)
{
    /// <param name="isAvailable">Whether a provider can serve a kind of model here.</param>
    public async Task<Advice> ReadAsync(string accountId, Func<ModelEntry, bool> isAvailable, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var list = await plans.GetAsync(cancellationToken);
        var view = Plans.Subscriptions.Show(list, await accounts.ReadAsync(accountId, now), now);
        var at = BillingPeriod.StartOf(now).AddMonths(-1);
        var report = await rollUps.ReadReportAsync(accountId, Periods.MonthOf(at), cancellationToken);
        if (report.ByModel.IsEmpty)
        {
            at = now;
            report = await rollUps.ReadReportAsync(accountId, Periods.MonthOf(at), cancellationToken);
        }

        var month = await rollUps.ReadMonthAsync(accountId, Periods.MonthOf(at), cancellationToken);
        var catalog = await catalogs.GetAsync(cancellationToken);
        var models = report.ByModel
            .GroupBy(pair => pair.Key.Split('>', 2)[0], pair => pair.Value, StringComparer.Ordinal)
            .Select(group => Advise(catalog, group.Key, group.Aggregate((sum, more) => sum + more), view.Plan.Limits, isAvailable, now))
            .OfType<ModelAdvice>()
            .OrderByDescending(advice => advice.Saves);
        var costs = list.Plans.Where(plan => plan.Offered || string.Equals(plan.Id, view.Plan.Id, StringComparison.Ordinal)).Select(plan => Cost(plan, month)).ToImmutableArray();
        var current = costs.First(cost => string.Equals(cost.Plan, view.Plan.Id, StringComparison.Ordinal));
        var best = costs.Where(cost => cost.Fits && cost.Total < current.Total).MinBy(cost => cost.Total);
        return new Advice(BillingPeriod.Of(at), [.. models], view.Plan.Id, best?.Plan, best is null ? 0 : current.Total - best.Total, costs);
    }

    private ModelAdvice? Advise(Catalog catalog, string id, UseSum use, PlanLimits limits, Func<ModelEntry, bool> isAvailable, DateTimeOffset now)
    {
        if (catalog.Find(id) is not { } model)
        {
            return null;
        }

        var before = Charge(model, use, now);
        var best = catalog.Models
            .Where(other => other.Active && Fits(model, other) && limits.Includes(other.Access) && isAvailable(other))
            .Select(other => (Model: other, Micro: Charge(other, use, now)))
            .Where(other => other.Micro < before)
            .OrderBy(other => other.Micro).ThenBy(other => other.Model.Id, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.Model is null
            ? null
            : new ModelAdvice(
                id, best.Model.Id, use.Calls, Money.ToCredits(before), Money.ToCredits(best.Micro), Money.ToCredits(before - best.Micro),
                $"{use.Calls} calls, {use.InputTokens} tokens in, {use.OutputTokens} tokens out, {use.Images} images: {Money.ToCredits(before)} credits with {id}, {Money.ToCredits(best.Micro)} with {best.Model.Id}.");
    }

    // A limit that a vendor does not state is none.
    private static bool Fits(ModelEntry model, ModelEntry other) =>
        other.Kind == model.Kind
        && !string.Equals(other.Id, model.Id, StringComparison.Ordinal)
        && (model.Vision is not true || other.Vision is true)
        && (model.Tools is not true || other.Tools is true)
        && (other.ContextWindow == 0 || (model.ContextWindow != 0 && other.ContextWindow >= model.ContextWindow))
        && (other.MaxOutputTokens == 0 || (model.MaxOutputTokens != 0 && other.MaxOutputTokens >= model.MaxOutputTokens));

    private long Charge(ModelEntry model, UseSum use, DateTimeOffset now)
    {
        var (price, usdPerCredit) = (model.PriceAt(now), credits.Value.UsdPerCredit);
        return model.Kind switch
        {
            ModelKind.Image => Charges.ImageChargeMicro(price, usdPerCredit) * use.Images,
            ModelKind.Search => Charges.SearchChargeMicro(price, usdPerCredit) * use.Calls,
            _ => Charges.TextChargeMicro(price, use.InputTokens, 0, use.OutputTokens, usdPerCredit),
        };
    }

    private PlanCost Cost(Plan plan, MonthUse month)
    {
        var used = Money.ToCredits(month.ChargedMicro);
        var bought = Math.Max(0, used - plan.Credits);
        var total = plan.PriceUsd + bought * credits.Value.UsdPerCredit;
        var fits = UsagePercentages.Of(month, plan.Limits).Largest < 100;
        return new PlanCost(
            plan.Id, plan.PriceUsd, plan.Credits, bought, total, fits, $"${plan.PriceUsd} + ({used} used - {plan.Credits} granted, at least 0) credits at ${credits.Value.UsdPerCredit} = ${total}");
    }
}
