using System.Text.RegularExpressions;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Plans;

/// <summary>A plan and the tag that makes a change conditional.</summary>
public sealed record TaggedPlan(Plan Plan, string ETag);

/// <summary>
/// List, add, change and withdraw plans. Limits count at once for everybody who has the plan; price and credits for new subscriptions, and for running
/// ones from their next period that is agreed on anew.
/// </summary>
public sealed partial class PlanAdmin(PlanStore store)
{
    private const decimal PriceLimitUsd = 1_000_000m;
    private const decimal CreditsLimit = 10_000_000m;
    private const int ProvidersLimit = 50;
    private const int TextLimit = 200;

    public async Task<IReadOnlyList<Plan>> ListAsync(CancellationToken cancellationToken)
    {
        store.Forget();
        return (await store.GetAsync(cancellationToken)).Plans;
    }

    public async Task<Answer<TaggedPlan>> FindAsync(string id, CancellationToken cancellationToken)
    {
        id = Canonical(id);
        var stored = await store.ReadAsync(id, cancellationToken);
        return Current(stored, id) is { } plan ? Tagged(plan, stored) : Missing(id);
    }

    public async Task<Answer<TaggedPlan>> AddAsync(Plan plan, CancellationToken cancellationToken)
    {
        if (Problem(plan) is { } problem)
        {
            return Refusal.Invalid(problem);
        }

        var stored = await store.ReadAsync(plan.Id, cancellationToken);
        if (Current(stored, plan.Id) is not null)
        {
            return new Refusal(RefusalCodes.Conflict, $"A plan with the id '{plan.Id}' exists already.").With("id", plan.Id);
        }

        return await WriteAsync(stored, plan, cancellationToken);
    }

    /// <param name="change">Makes the new plan from the present one.</param>
    /// <param name="ifMatch">The tag as last read, or null to change whatever is there.</param>
    public async Task<Answer<TaggedPlan>> ChangeAsync(string id, Func<Plan, Answer<Plan>> change, string? ifMatch, CancellationToken cancellationToken)
    {
        id = Canonical(id);
        var stored = await store.ReadAsync(id, cancellationToken);
        if (Current(stored, id) is not { } present)
        {
            return Missing(id);
        }

        if (ifMatch is not (null or "*") && !string.Equals(ifMatch, Tagged(present, stored).ETag, StringComparison.Ordinal))
        {
            return Changed();
        }

        var next = change(present);
        if (!next.Succeeded)
        {
            return next.Refusal;
        }

        // Its id is its name everywhere; what a body says of it cannot move it.
        var plan = next.Value with { Id = present.Id };
        return Problem(plan) is { } problem ? Refusal.Invalid(problem) : await WriteAsync(stored, plan, cancellationToken);
    }

    /// <summary>Nobody can choose it any more. Those who have it keep it, limits and all.</summary>
    public Task<Answer<TaggedPlan>> WithdrawAsync(string id, string? ifMatch, CancellationToken cancellationToken) =>
        ChangeAsync(id, plan => plan with { Offered = false }, ifMatch, cancellationToken);

    private async Task<Answer<TaggedPlan>> WriteAsync(StoredEntry<Plan>? before, Plan plan, CancellationToken cancellationToken)
    {
        var written = await store.WriteAsync(plan.Id, before, plan, cancellationToken);
        return written is null ? Changed() : Tagged(plan, written);
    }

    private Plan? Current(StoredEntry<Plan>? stored, string id) => stored is null ? store.FindConfigured(id) : stored.Value;

    private static TaggedPlan Tagged(Plan plan, StoredEntry<Plan>? stored) => new(plan, StoredEntry<Plan>.TagOf(plan.Id, stored?.Revision ?? 0));

    private static string? Problem(Plan plan)
    {
        if (plan.Id is null || !PlanId().IsMatch(plan.Id))
        {
            return "'id' must be 1 to 40 lower-case letters, digits and dashes.";
        }

        if (plan.Name is not { Length: > 0 and <= TextLimit } || plan.Description is not { Length: <= TextLimit })
        {
            return $"'name' has 1 to {TextLimit} characters, 'description' at most {TextLimit}.";
        }

        if (plan.PriceUsd is < 0 or > PriceLimitUsd || decimal.Round(plan.PriceUsd, 2) != plan.PriceUsd)
        {
            return $"'price_usd' must be 0 to {PriceLimitUsd:0}, in whole cents.";
        }

        if (plan.Credits is < 0 or > CreditsLimit || decimal.Round(plan.Credits, 6) != plan.Credits)
        {
            return $"'credits' must be 0 to {CreditsLimit:0}, with at most six decimals.";
        }

        return plan.Limits is null ? "'limits' must be an object." : ProblemOf(plan.Limits);
    }

    private static string? ProblemOf(PlanLimits limits)
    {
        if (limits.Providers is null || limits.Providers.Count > ProvidersLimit || limits.Providers.Any(provider => provider.Value is null || !PlanId().IsMatch(provider.Key)))
        {
            return $"'providers' has at most {ProvidersLimit} providers by their names, each with 'calls' and 'tokens'.";
        }

        return limits.ModelAccess is null || limits.ModelAccess.Count > ProvidersLimit || limits.ModelAccess.Any(access => access is null || !PlanId().IsMatch(access))
            ? $"'model_access' has at most {ProvidersLimit} names."
            : limits.Problems().FirstOrDefault();
    }

    private static string Canonical(string id) => id.ToLowerInvariant();

    private static Refusal Missing(string id) => Refusal.NotFound($"There is no plan with the id '{id}'.");

    private static Refusal Changed() => new(RefusalCodes.PreconditionFailed, "Somebody else changed this plan. Read it again and repeat the change.");

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex PlanId();
}
