using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Accounts;

/// <summary>All plans and the one an account has without a choice.</summary>
public sealed record PlanBook(string DefaultPlan, IReadOnlyDictionary<string, PlanLimits> Plans)
{
    /// <summary>Limits of a plan; those of the default plan for null and for a plan that no longer exists.</summary>
    public PlanLimits LimitsOf(string? planId) => planId is not null && Plans.TryGetValue(planId, out var limits) ? limits : Plans[DefaultPlan];

    /// <summary>The plan whose limits those are.</summary>
    public string NameOf(string? planId) => planId is not null && Plans.ContainsKey(planId) ? planId : DefaultPlan;
}

/// <summary>Plans as configured: <c>Plans__Items__free__ConcurrentJobs=5</c> changes one limit of one plan.</summary>
public sealed class PlanOptions
{
    public const string Section = "Plans";
    public const string DefaultPlan = "free";

    [Required]
    public string Default { get; set; } = DefaultPlan;

    /// <summary>Limits by plan. Those of shipped plans are there already; another name is another plan.</summary>
    [SuppressMessage("Design", "MA0016:Prefer using collection abstraction instead of implementation", Justification = "Settings are bound into this one, and keep its comparer.")]
    public Dictionary<string, PlanLimits> Items { get; set; } = ShippedPlans.Read().ToDictionary(plan => plan.Id, plan => Bindable(plan.Limits), StringComparer.OrdinalIgnoreCase);

    private static PlanLimits Bindable(PlanLimits limits)
    {
        // What a file says of a provider stays, where a setting that spells it otherwise changes one limit.
        limits.Providers = new(limits.Providers, StringComparer.OrdinalIgnoreCase);
        return limits;
    }
}

/// <summary>Checks each plan's limits: data annotations do not look into a dictionary.</summary>
internal sealed class PlanOptionsCheck : IValidateOptions<PlanOptions>
{
    public ValidateOptionsResult Validate(string? name, PlanOptions options)
    {
        var problems = new List<string>();
        if (!options.Items.ContainsKey(options.Default))
        {
            problems.Add($"Plans__Default names '{options.Default}', which is not among Plans__Items.");
        }

        problems.AddRange(options.Items.SelectMany(item => item.Value.Problems().Select(problem => $"Plan '{item.Key}': {problem}")));

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
