using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>All plans at one moment.</summary>
public sealed record PlanList(IReadOnlyList<Plan> Plans, PlanBook Book)
{
    public Plan? Find(string id) => Plans.FirstOrDefault(plan => string.Equals(plan.Id, id, StringComparison.OrdinalIgnoreCase));
}

/// <summary>
/// Plans as data: what this build ships, overlaid by settings, overlaid by what an admin stored. A stored plan is whole: settings no longer change it.
/// Read at most once a minute, and at once by the instance that changed one.
/// </summary>
public sealed partial class PlanStore
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly Entries<Plan> entries;
    private readonly PlanOptions options;
    private readonly decimal usdPerCredit;
    private readonly PlanList configured;
    private readonly Remembered<PlanList> plans;

    public PlanStore(Tables tables, IOptions<PlanOptions> options, IOptions<AccountOptions> credits, TimeProvider time, ILogger<PlanStore> logger)
    {
        this.options = options.Value;
        usdPerCredit = credits.Value.UsdPerCredit;
        entries = new Entries<Plan>(tables, "plan");
        configured = ToList([]);
        plans = new Remembered<PlanList>(time, Fresh, LoadAsync, last => last ?? configured, exception => LogUnavailable(logger, exception));
    }

    /// <summary>The plan an account has without a subscription.</summary>
    public string DefaultPlan => options.Default;

    public ValueTask<PlanList> GetAsync(CancellationToken cancellationToken) => plans.GetAsync(cancellationToken);

    public async ValueTask<PlanBook> GetBookAsync(CancellationToken cancellationToken) => (await plans.GetAsync(cancellationToken)).Book;

    /// <summary>What was read last, or what is configured: for whoever shows something and cannot wait.</summary>
    public PlanBook LastBook => (plans.Last ?? configured).Book;

    /// <summary>A plan as it would be without storage; null when neither the build nor a setting has it.</summary>
    public Plan? FindConfigured(string id) => configured.Find(id);

    public Task<StoredEntry<Plan>?> ReadAsync(string id, CancellationToken cancellationToken) => entries.ReadAsync(id, cancellationToken);

    public async Task<StoredEntry<Plan>?> WriteAsync(string id, StoredEntry<Plan>? before, Plan? plan, CancellationToken cancellationToken)
    {
        var written = await entries.WriteAsync(id, before, plan, cancellationToken);
        plans.Forget();
        return written;
    }

    public void Forget() => plans.Forget();

    private async Task<PlanList> LoadAsync(CancellationToken cancellationToken) => ToList(await entries.ReadAllAsync(cancellationToken));

    private PlanList ToList(IReadOnlyList<StoredEntry<Plan>> stored)
    {
        var byId = new Dictionary<string, Plan>(StringComparer.OrdinalIgnoreCase);
        var shipped = ShippedPlans.Read().ToDictionary(plan => plan.Id, StringComparer.OrdinalIgnoreCase);
        foreach (var (id, limits) in options.Items)
        {
            byId[id] = (shipped.GetValueOrDefault(id) ?? new Plan(id.ToLowerInvariant(), id)) with { Limits = limits };
        }

        foreach (var entry in stored)
        {
            byId.Remove(entry.Id);
            if (entry.Value is { } plan)
            {
                byId[entry.Id] = plan;
            }
        }

        // The default plan is always there: accounts without a subscription have its limits.
        byId.TryAdd(options.Default, new Plan(options.Default, options.Default) { Limits = options.Items[options.Default] });
        foreach (var plan in byId.Values)
        {
            plan.Limits.Complete(usdPerCredit);
        }

        var ordered = byId.Values.OrderBy(plan => plan.PriceUsd).ThenBy(plan => plan.Id, StringComparer.Ordinal).ToList();
        return new PlanList(ordered, new PlanBook(options.Default, byId.ToDictionary(pair => pair.Key, pair => pair.Value.Limits, StringComparer.OrdinalIgnoreCase)));
    }

    [LoggerMessage(LogLevel.Warning, "Plans cannot be read; serving with what is known.")]
    private static partial void LogUnavailable(ILogger logger, Exception exception);
}
