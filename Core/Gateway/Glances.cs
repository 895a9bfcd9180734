using ServerlessAi.Accounts;
using ServerlessAi.Pricing;

namespace ServerlessAi;

/// <summary>An account as its owner sees it, and who would serve it.</summary>
/// <param name="ImageTier">The tier of an image that names no model, were it asked for now; null when nobody could make one.</param>
public sealed record Glance(AccountView Account, Tier? ImageTier);

/// <summary>Shows accounts at a glance. The tier is chosen as admission chooses it, by rehearsing an image.</summary>
public sealed class Glances(CatalogStore catalogs, AccountStore accounts, AccountViews views, PlanStore plans, PlatformSpend spend, ImageWork images, TimeProvider time)
{
    public async Task<Glance> ReadAsync(string accountId, CancellationToken cancellationToken)
    {
        var (catalog, book, budget) = (await catalogs.GetAsync(cancellationToken), await plans.GetBookAsync(cancellationToken), await spend.GetStateAsync(cancellationToken));
        var now = time.GetUtcNow();
        var state = await accounts.ReadAsync(accountId, now);
        return new Glance(views.Show(state), budget == BudgetState.OverHard ? null : TierOf(state, catalog, book, budget, now));
    }

    private Tier? TierOf(AccountState state, Catalog catalog, PlanBook book, BudgetState budget, DateTimeOffset now)
    {
        var quoted = images.Quote(model: null, Tier.Premium, catalog, now);
        if (!quoted.Succeeded)
        {
            return null;
        }

        var command = new Reserve("glance", WorkKind.Image, quoted.Value.Offers, book, TimeSpan.FromDays(1), budget == BudgetState.OverSoft);
        return quoted.Value.Models[Rehearsal.Of(state, command, now).OfferIndex].Model.Tier;
    }
}
