using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts.Rules;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>An account as its owner sees it. Amounts in credits and USD.</summary>
public sealed record AccountView(string AccountId, string Plan)
{
    public decimal AvailableCredits { get; init; }

    public decimal HeldCredits { get; init; }

    public decimal PaidCredits { get; init; }

    public decimal BonusCredits { get; init; }

    public decimal BalanceUsd { get; init; }

    public decimal UsdPerCredit { get; init; }

    /// <summary>At or below the threshold at which an alert is due.</summary>
    public bool LowBalance { get; init; }

    public int FreeImagesLeftToday { get; init; }

    public long TokensPerDay { get; init; }

    public long TokensLeftToday { get; init; }

    /// <summary>0: no such limit.</summary>
    public int RequestsPerMinute { get; init; }

    public int RequestsLeftThisMinute { get; init; }

    public decimal MonthSpendUsd { get; init; }

    public decimal MonthCapUsd { get; init; }

    /// <summary>When the day's quotas reset.</summary>
    public DateTimeOffset ResetsAt { get; init; }

    public ImmutableArray<GrantView> Grants { get; init; } = [];
}

/// <summary>One grant with credits left.</summary>
public sealed record GrantView(GrantKind Kind, decimal Credits, DateTimeOffset EffectiveAt, DateTimeOffset? ExpiresAt);

/// <summary>Reads accounts for showing.</summary>
public sealed class AccountViews(AccountStore accounts, PlanStore plans, IOptions<AccountOptions> credits, TimeProvider time)
{
    /// <summary>Credits at which the balance counts as low (mission D4).</summary>
    public const decimal LowBalanceCredits = 5m;

    public async Task<AccountView> ReadAsync(string accountId)
    {
        await plans.GetAsync(CancellationToken.None);
        return Show(await accounts.ReadAsync(accountId));
    }

    public AccountView Show(AccountState state) => Show(state, time.GetUtcNow());

    /// <summary>The credits as they were; quotas and budgets, which are not kept, show as unused.</summary>
    public AccountView Show(CreditsThen then) =>
        Show(AccountState.Open(then.AccountId, then.At) with { PlanId = then.PlanId, Grants = then.Grants }, then.At) with { HeldCredits = Money.ToCredits(then.HeldMicro) };

    private AccountView Show(AccountState state, DateTimeOffset now)
    {
        var limits = plans.LastBook.LimitsOf(state.PlanId);
        var available = state.AvailableMicro(now);
        var paid = state.PaidMicro(now);
        var month = state.Month;
        return new AccountView(state.AccountId, state.PlanId ?? plans.DefaultPlan)
        {
            AvailableCredits = Money.ToCredits(available),
            HeldCredits = Money.ToCredits(state.HeldMicro),
            PaidCredits = Money.ToCredits(paid),
            BonusCredits = Money.ToCredits(available - paid),
            BalanceUsd = Money.ToCredits(available) * credits.Value.UsdPerCredit,
            UsdPerCredit = credits.Value.UsdPerCredit,
            LowBalance = Money.ToCredits(available) <= LowBalanceCredits,
            FreeImagesLeftToday = Math.Max(0, limits.FreeImagesPerDay - state.Day.FreeImagesUsed - state.Day.FreeImagesHeld),
            TokensLeftToday = Math.Max(0, limits.TokensPerDay - state.Day.TokensUsed - state.Day.TokensHeld),
            TokensPerDay = limits.TokensPerDay,
            RequestsPerMinute = limits.RequestsPerMinute,
            RequestsLeftThisMinute = RateWindow.Left(state.Rate, limits.RequestsPerMinute, now),
            MonthSpendUsd = Money.ToUsd(month.CostNanoUsd),
            MonthCapUsd = limits.MonthlyCapUsd,
            ResetsAt = Periods.EndOfDay(now),
            Grants = [.. Burn.InOrder(state.Grants)
                .Where(grant => grant.RemainingMicro > 0 && !grant.IsExpired(now))
                .Select(grant => new GrantView(grant.Kind, Money.ToCredits(grant.RemainingMicro), grant.EffectiveAt, grant.ExpiresAt))],
        };
    }
}
