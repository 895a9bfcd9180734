using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Accounts.Subscriptions;
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
/// <param name="Fits">Its limits would have allowed the month, and it includes the models that were used.</param>
public sealed record PlanCost(string Plan, decimal Price, decimal CreditsGranted, decimal CreditsBought, decimal Total, bool Fits, string Arithmetic);

/// <param name="Period">The month that is looked at, <c>yyyy-MM</c>: the last one, or the running one when nothing was used in that.</param>
/// <param name="BetterPlan">Absent when the present plan is the best. Of a running month only a dearer one can be better: what is still to come adds to what the cheaper ones lack.</param>
/// <param name="Plans">The arithmetic for each plan on offer, and for the present one at what was agreed; USD.</param>
public sealed record Advice(string Period, ImmutableArray<ModelAdvice> Models, string CurrentPlan, string? BetterPlan, decimal PlanSaves, ImmutableArray<PlanCost> Plans);

/// <summary>What a plan must allow for a month to be as it was.</summary>
/// <param name="TokensOfADay">Of the day on which most were used.</param>
/// <param name="FreeImagesOfADay">Likewise.</param>
/// <param name="Images">That are kept.</param>
/// <param name="Access">Of the models that were selected.</param>
internal sealed record PlanNeed(MonthUse Month, long TokensOfADay, int FreeImagesOfADay, int Images, ImmutableArray<string> Access);

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
        var days = await rollUps.ReadDaysAsync(accountId, Periods.MonthOf(at) + "01", Periods.MonthOf(at) + "31", cancellationToken);
        var catalog = await catalogs.GetAsync(cancellationToken);
        var models = report.ByModel
            .GroupBy(pair => pair.Key.Split('>', 2)[0], pair => pair.Value, StringComparer.Ordinal)
            .Select(group => Advise(catalog, group.Key, group.Aggregate((sum, more) => sum + more), view.Plan.Limits, isAvailable, now))
            .OfType<ModelAdvice>()
            .OrderByDescending(advice => advice.Saves);
        var need = new PlanNeed(
            month, days.Select(day => day.TokensUsed).DefaultIfEmpty().Max(), days.Select(day => day.FreeImagesUsed).DefaultIfEmpty().Max(), view.Account.Images,
            [.. report.ByModel.Keys.Select(key => catalog.Find(key.Split('>', 2)[0])?.Access).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)]);
        var costs = list.Plans.Where(plan => plan.Offered || string.Equals(plan.Id, view.Plan.Id, StringComparison.Ordinal)).Select(plan => Cost(plan, Terms(plan, view), need)).ToImmutableArray();
        var current = costs.First(cost => string.Equals(cost.Plan, view.Plan.Id, StringComparison.Ordinal));
        var best = costs.Where(cost => cost.Fits && cost.Total < current.Total && (at < BillingPeriod.StartOf(now) || cost.Price > current.Price)).MinBy(cost => cost.Total);
        return new Advice(BillingPeriod.Of(at), [.. models], view.Plan.Id, best?.Plan, best is null ? 0 : current.Total - best.Total, costs);
    }

    private ModelAdvice? Advise(Catalog catalog, string id, UseSum use, PlanLimits limits, Func<ModelEntry, bool> isAvailable, DateTimeOffset now)
    {
        if (catalog.Find(id) is not { } model)
        {
            return null;
        }

        var before = Charge(model, use, model, now);
        var best = catalog.Models
            .Where(other => other.Active && Fits(model, other, use) && limits.Includes(other.Access) && isAvailable(other))
            .Select(other => (Model: other, Micro: Charge(other, use, model, now)))
            .Where(other => other.Micro < before)
            .OrderBy(other => other.Micro).ThenBy(other => other.Model.Id, StringComparer.Ordinal)
            .FirstOrDefault();
        return best.Model is null
            ? null
            : new ModelAdvice(
                id, best.Model.Id, use.Calls, Money.ToCredits(before), Money.ToCredits(best.Micro), Money.ToCredits(before - best.Micro),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Used(model.Kind, use)}: {Money.ToCredits(before)} credits with {id}{CachedAt(model, use, model, now)}, {Money.ToCredits(best.Micro)} with {best.Model.Id}{CachedAt(best.Model, use, model, now)}."));
    }

    private static string Used(ModelKind kind, UseSum use) => kind switch
    {
        ModelKind.Image => string.Create(CultureInfo.InvariantCulture, $"{use.Calls} calls, {use.Images} images, {use.FreeImages} of them free"),
        ModelKind.Search => string.Create(CultureInfo.InvariantCulture, $"{use.Calls} calls"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{use.Calls} calls, {use.InputTokens} tokens in, {use.CachedInputTokens} of them cached, {use.OutputTokens} tokens out"),
    };

    private static string CachedAt(ModelEntry model, UseSum use, ModelEntry used, DateTimeOffset now) => use.CachedInputTokens == 0 ? ""
        : Cached(model, use, used) == 0 ? " (cached by another vendor: at the full price)"
        : string.Create(CultureInfo.InvariantCulture, $" (cached at ${model.PriceAt(now).CachedInputPrice ?? model.PriceAt(now).InputPrice} a million)");

    // What another vendor's cache would have known nobody can tell: it counts as nothing, so that no model looks cheaper than it may turn out.
    private static long Cached(ModelEntry model, UseSum use, ModelEntry used) => string.Equals(model.Provider, used.Provider, StringComparison.Ordinal) ? use.CachedInputTokens : 0;

    // It can do all that the model can that was used, or what the calls needed, where that is known of all of them.
    private static bool Fits(ModelEntry model, ModelEntry other, UseSum use) =>
        other.Kind == model.Kind
        && !string.Equals(other.Id, model.Id, StringComparison.Ordinal)
        && (model.Vision is not true || other.Vision is true || use.Sizes?.NoPictures == use.Calls)
        && (model.Tools is not true || other.Tools is true || use.Sizes?.NoTools == use.Calls)
        && (HasRoomOf(model, other) || (use.Sizes is { } sizes && sizes.Calls == use.Calls && HasRoom(other, sizes)));

    // Of the longest question and the longest answer together, whichever calls they belong to. A limit that a vendor does not state is none.
    private static bool HasRoom(ModelEntry other, CallSizes sizes) =>
        (other.ContextWindow == 0 || other.ContextWindow >= sizes.Input + sizes.Output) && (other.MaxOutputTokens == 0 || other.MaxOutputTokens >= sizes.Output);

    private static bool HasRoomOf(ModelEntry model, ModelEntry other) =>
        (other.ContextWindow == 0 || (model.ContextWindow != 0 && other.ContextWindow >= model.ContextWindow))
        && (other.MaxOutputTokens == 0 || (model.MaxOutputTokens != 0 && other.MaxOutputTokens >= model.MaxOutputTokens));

    /// <param name="used">The model that the calls were made with.</param>
    private long Charge(ModelEntry model, UseSum use, ModelEntry used, DateTimeOffset now)
    {
        var (price, usdPerCredit) = (model.PriceAt(now), credits.Value.UsdPerCredit);
        return model.Kind switch
        {
            ModelKind.Image => Charges.ImageChargeMicro(price, usdPerCredit) * (use.Images - use.FreeImages),
            ModelKind.Search => Charges.SearchChargeMicro(price, usdPerCredit) * use.Calls,
            _ => Charges.TextChargeMicro(price, use.InputTokens, Cached(model, use, used), use.OutputTokens, usdPerCredit),
        };
    }

    // What a subscriber has agreed to counts, not what others would pay now.
    private static PlanTerms Terms(Plan plan, SubscriptionView view) =>
        view is { IsActive: true, Subscription.Terms: var agreed } && string.Equals(agreed.PlanId, plan.Id, StringComparison.Ordinal) ? agreed : plan.ToTerms();

    private PlanCost Cost(Plan plan, PlanTerms terms, PlanNeed need)
    {
        var (price, granted, used) = (Money.ToUsd(terms.PriceNanoUsd), Money.ToCredits(terms.CreditsMicro), Money.ToCredits(need.Month.ChargedMicro));
        var bought = Math.Max(0, used - granted);
        var total = price + bought * credits.Value.UsdPerCredit;
        var fits = UsagePercentages.Allow(need.Month, plan.Limits, need.Images) && need.TokensOfADay <= plan.Limits.TokensPerDay && need.FreeImagesOfADay <= plan.Limits.FreeImagesPerDay && need.Access.All(plan.Limits.Includes);
        return new PlanCost(
            plan.Id, price, granted, bought, total, fits,
            string.Create(CultureInfo.InvariantCulture, $"${price} + ({used} used - {granted} granted, at least 0) credits at ${credits.Value.UsdPerCredit} = ${total}"));
    }
}
