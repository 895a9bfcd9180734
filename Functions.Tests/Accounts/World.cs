using System.Collections.Immutable;
using System.Collections.ObjectModel;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

/// <summary>One account driven by the decider alone, with the rows that storage would have kept.</summary>
internal sealed class World
{
    public static readonly DateTimeOffset Start = new(2040, 2, 28, 23, 40, 0, TimeSpan.Zero);

    private readonly Dictionary<string, OperationRecord> operations = new(StringComparer.Ordinal);

    public World(PlanLimits? limits = null, decimal signUpCredits = 0, IReadOnlyDictionary<string, PlanLimits>? others = null)
    {
        Limits = limits ?? new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, FreeImagesPerDay = 0 };
        Plans = new PlanBook("free", new Dictionary<string, PlanLimits>(others ?? ReadOnlyDictionary<string, PlanLimits>.Empty, StringComparer.Ordinal) { ["free"] = Limits });
        State = AccountState.Open("account", Start);
        if (signUpCredits > 0)
        {
            Run(new Grant("signup", GrantKind.SignUp, Money.FromCredits(signUpCredits), "sign_up"));
        }
    }

    public PlanLimits Limits { get; }

    public PlanBook Plans { get; }

    public AccountState State { get; private set; }

    public DateTimeOffset Now { get; set; } = Start;

    public List<LedgerEntry> Ledger { get; } = [];

    public List<UsageRecord> Usage { get; } = [];

    public List<AlertRecord> Alerts { get; } = [];

    public List<SubscriptionEvent> PlanEvents { get; } = [];

    public Dictionary<string, HoldRecord> Holds { get; } = new(StringComparer.Ordinal);

    /// <summary>How often each hold went from open to ended.</summary>
    public Dictionary<string, int> Endings { get; } = new(StringComparer.Ordinal);

    public Outcome Run(Command command)
    {
        var isOpen = State.Holds.Any(hold => hold.OperationId == command.OperationId);
        command = command switch
        {
            // An id that ran before: the store finds its row when the reply of the first attempt was lost.
            Reserve reserve when !isOpen => reserve with { Recorded = Holds.GetValueOrDefault(reserve.OperationId) },
            Settle settle when !isOpen => settle with { Recorded = Holds.GetValueOrDefault(settle.OperationId) },
            Release release when !isOpen => release with { Recorded = Holds.GetValueOrDefault(release.OperationId) },
            Once once => once with { Recorded = operations.GetValueOrDefault(once.OperationId) },
            _ => command,
        };
        var decision = Account.Decide(State, command, Now);
        State = decision.State;
        Ledger.AddRange(decision.Entries);
        Usage.AddRange(decision.Usage);
        Alerts.AddRange(decision.Alerts);
        PlanEvents.AddRange(decision.Plans);
        foreach (var record in decision.Holds)
        {
            var id = record.Hold.OperationId;
            if (record.Status != HoldStatus.Open && Holds[id].Status == HoldStatus.Open)
            {
                Endings[id] = Endings.GetValueOrDefault(id) + 1;
            }

            Holds[id] = record;
        }

        foreach (var operation in decision.Operations)
        {
            operations.Add(operation.OperationId, operation);
        }

        return decision.Outcome;
    }

    public Outcome ReserveImage(string id, decimal credits = 1, bool freeQuota = false, decimal costUsd = 0.08m, TimeSpan? lease = null, bool overBudget = false) =>
        Run(new Reserve(id, WorkKind.Image, [ImageOffer("premium", credits, freeQuota, costUsd, isStandard: false), ImageOffer("standard", credits, freeQuota, 0.003m, isStandard: true)], Plans, lease ?? TimeSpan.FromMinutes(5), overBudget));

    public Outcome ReserveText(string id, int inputTokens, int outputTokens, decimal creditsPerMillion = 100) =>
        Run(new Reserve(id, WorkKind.Text, [TextOffer(inputTokens, outputTokens, creditsPerMillion)], Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false));

    public Outcome Settle(string id, decimal credits, decimal costUsd = 0.08m, long tokens = 0) =>
        Run(new Settle(id, Money.FromCredits(credits), Money.FromUsd(costUsd), Facts(tokens)));

    public Outcome Grant(string id, decimal credits, GrantKind kind = GrantKind.Purchase, DateTimeOffset? expiresAt = null, int priority = 0) =>
        Run(new Grant(id, kind, Money.FromCredits(credits), "test") { ExpiresAt = expiresAt, Priority = priority });

    public static UsageFacts Facts(long tokens = 0) => new("premium", "premium", "openai", "premium", "provider") { OutputTokens = tokens, Images = tokens == 0 ? 1 : 0 };

    public static Offer ImageOffer(string model, decimal credits, bool freeQuota, decimal costUsd, bool isStandard) =>
        new(model, 1, isStandard, freeQuota, Money.FromCredits(credits), InputTokens: 0) { FixedCostNanoUsd = Money.FromUsd(costUsd) };

    public static Offer TextOffer(int inputTokens, int outputTokens, decimal creditsPerMillion) =>
        new("text", 1, IsStandard: true, FreeQuota: false, Money.FromCredits(inputTokens * creditsPerMillion / 1_000_000), inputTokens)
        {
            OutputTokens = outputTokens,
            OutputMicroPerMillion = creditsPerMillion * Money.MicroPerCredit,
            LeastOutputTokens = Math.Min(16, outputTokens),
        };

    public decimal Available => Money.ToCredits(State.AvailableMicro(Now));

    public decimal Held => Money.ToCredits(State.HeldMicro);
}
