using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace ServerlessAi.Accounts.Reports;

/// <summary>What answered calls used and came to; differences may be negative.</summary>
/// <param name="CachedInputTokens">The part of the input that the vendor's cache knew.</param>
/// <param name="FreeImages">Images that took a free one of the day, and were charged nothing.</param>
/// <param name="CostNanoUsd">What those calls cost us, failed attempts before the answer included.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct UseSum(
    long Calls, long InputTokens, long CachedInputTokens, long OutputTokens, long Images, long FreeImages, long ChargedMicro, long CostNanoUsd)
{
    public long Tokens => InputTokens + OutputTokens;

    /// <summary>What the calls needed; null where nothing is known of it, and in sums by provider.</summary>
    public CallSizes? Sizes { get; init; }

    public static UseSum operator +(UseSum one, UseSum other) => new(
        one.Calls + other.Calls, one.InputTokens + other.InputTokens, one.CachedInputTokens + other.CachedInputTokens, one.OutputTokens + other.OutputTokens, one.Images + other.Images,
        one.FreeImages + other.FreeImages, one.ChargedMicro + other.ChargedMicro, one.CostNanoUsd + other.CostNanoUsd)
    {
        Sizes = CallSizes.Sum(one.Sizes, other.Sizes),
    };

    public static UseSum operator -(UseSum sum) => new(
        -sum.Calls, -sum.InputTokens, -sum.CachedInputTokens, -sum.OutputTokens, -sum.Images, -sum.FreeImages, -sum.ChargedMicro, -sum.CostNanoUsd)
    {
        Sizes = CallSizes.Negate(sum.Sizes),
    };
}

/// <summary>One provider's share of a month.</summary>
/// <param name="Use">Of the answers it gave.</param>
/// <param name="Failures">Calls of its models that brought no answer.</param>
/// <param name="Times">How many of its answers took how long; see <see cref="ResponseTimes"/>.</param>
public sealed record ProviderReport(UseSum Use, long Failures, ImmutableSortedDictionary<int, long> Times)
{
    public static readonly ProviderReport None = new(default, 0, ImmutableSortedDictionary<int, long>.Empty);
}

/// <summary>
/// A month in detail, the row <c>report|yyyyMM</c>: what the state need not know to decide. It is written by the transaction that ends a call, so the
/// parts add up to the month's roll-up. Two reports of a month can be added and subtracted.
/// </summary>
public sealed record MonthReport(string Month)
{
    /// <summary>ByModel that are told apart in an account's month; further ones count together.</summary>
    public const int ModelsLimit = 100;

    /// <summary>The name of what is not told apart any more.</summary>
    public const string Other = "other";

    private const int CodesLimit = 40;

    /// <summary>By the model that was selected and the one that served: <c>openai-gpt-4.1>sample-echo</c>.</summary>
    public ImmutableSortedDictionary<string, UseSum> ByModel { get; init; } = ImmutableSortedDictionary.Create<string, UseSum>(StringComparer.Ordinal);

    /// <summary>By who served; failures by whose model was selected.</summary>
    public ImmutableSortedDictionary<string, ProviderReport> ByProvider { get; init; } = ImmutableSortedDictionary.Create<string, ProviderReport>(StringComparer.Ordinal);

    /// <summary>Calls that brought no answer, by the code of the failure.</summary>
    public ImmutableSortedDictionary<string, long> Failures { get; init; } = ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>Cost of calls that brought no answer, and of corrections: with the models' it is the month's cost.</summary>
    public long UnansweredCostNanoUsd { get; init; }

    /// <summary>Credits bought, with an order or by an admin's hand.</summary>
    public long PurchasedMicro { get; init; }

    /// <summary>Of those, taken back.</summary>
    public long RefundedMicro { get; init; }

    /// <summary>Money, by currency and kind; see <see cref="IncomeSum.KeyOf"/>.</summary>
    public ImmutableSortedDictionary<string, IncomeSum> Income { get; init; } = ImmutableSortedDictionary.Create<string, IncomeSum>(StringComparer.Ordinal);

    /// <summary>Of all that was answered.</summary>
    public UseSum Total() => ByModel.Values.Aggregate(default(UseSum), static (sum, use) => sum + use);

    public static MonthReport operator +(MonthReport one, MonthReport other) => one with
    {
        ByModel = Merge(one.ByModel, other.ByModel, static (left, right) => left + right),
        ByProvider = Merge(one.ByProvider, other.ByProvider, static (left, right) => new ProviderReport(
            left.Use + right.Use, left.Failures + right.Failures, Merge(left.Times, right.Times, static (some, more) => some + more))),
        Failures = Merge(one.Failures, other.Failures, static (left, right) => left + right),
        UnansweredCostNanoUsd = one.UnansweredCostNanoUsd + other.UnansweredCostNanoUsd,
        PurchasedMicro = one.PurchasedMicro + other.PurchasedMicro,
        RefundedMicro = one.RefundedMicro + other.RefundedMicro,
        Income = Merge(one.Income, other.Income, static (left, right) => left + right),
    };

    public static MonthReport operator -(MonthReport report) => report with
    {
        ByModel = Each(report.ByModel, static use => -use),
        ByProvider = Each(report.ByProvider, static part => new ProviderReport(-part.Use, -part.Failures, Each(part.Times, static count => -count))),
        Failures = Each(report.Failures, static count => -count),
        UnansweredCostNanoUsd = -report.UnansweredCostNanoUsd,
        PurchasedMicro = -report.PurchasedMicro,
        RefundedMicro = -report.RefundedMicro,
        Income = Each(report.Income, static sum => -sum),
    };

    public static MonthReport operator -(MonthReport one, MonthReport other) => one + -other;

    /// <summary>Counts what a line of the usage log says.</summary>
    /// <param name="modelsLimit">How many models are told apart.</param>
    public MonthReport Count(Tally tally, int modelsLimit = ModelsLimit) => tally.Line.Event switch
    {
        UsageEvents.Success when tally.Line.Facts is { } facts => Answered(tally, facts, modelsLimit),
        UsageEvents.Failed or UsageEvents.Expired => Unanswered(tally),
        _ => this with { UnansweredCostNanoUsd = UnansweredCostNanoUsd + tally.Line.CostNanoUsd },
    };

    /// <summary>Counts what was paid, or paid back.</summary>
    public MonthReport Count(Income income)
    {
        var key = IncomeSum.KeyOf(income);
        return this with { Income = Income.SetItem(key, Income.GetValueOrDefault(key) + IncomeSum.Of(income)) };
    }

    private MonthReport Answered(Tally tally, UsageFacts facts, int modelsLimit)
    {
        var use = tally.Use;
        var model = facts.ModelSelected + ">" + facts.ModelServed;
        model = ByModel.ContainsKey(model) || ByModel.Count < modelsLimit ? model : Other + ">" + Other;
        var provider = ByProvider.GetValueOrDefault(facts.Provider, ProviderReport.None);
        var time = ResponseTimes.BucketOf(facts.ProviderMs);
        return this with
        {
            ByModel = ByModel.SetItem(model, ByModel.GetValueOrDefault(model) + use),
            ByProvider = ByProvider.SetItem(facts.Provider, provider with { Use = provider.Use + use with { Sizes = null }, Times = provider.Times.SetItem(time, provider.Times.GetValueOrDefault(time) + 1) }),
        };
    }

    private MonthReport Unanswered(Tally tally)
    {
        var code = tally.Line.Reason ?? "expired";
        code = Failures.ContainsKey(code) || Failures.Count < CodesLimit ? code : Other;
        var provider = ByProvider.GetValueOrDefault(tally.Provider, ProviderReport.None);
        return this with
        {
            Failures = Failures.SetItem(code, Failures.GetValueOrDefault(code) + 1),
            ByProvider = ByProvider.SetItem(tally.Provider, provider with { Failures = provider.Failures + 1 }),
            UnansweredCostNanoUsd = UnansweredCostNanoUsd + tally.Line.CostNanoUsd,
        };
    }

    private static ImmutableSortedDictionary<TKey, T> Merge<TKey, T>(ImmutableSortedDictionary<TKey, T> one, ImmutableSortedDictionary<TKey, T> other, Func<T, T, T> add)
        where TKey : notnull
    {
        var merged = one.ToBuilder();
        foreach (var (key, value) in other)
        {
            merged[key] = merged.TryGetValue(key, out var known) ? add(known, value) : value;
        }

        return merged.ToImmutable();
    }

    private static ImmutableSortedDictionary<TKey, T> Each<TKey, T>(ImmutableSortedDictionary<TKey, T> all, Func<T, T> change)
        where TKey : notnull => all.ToImmutableSortedDictionary(pair => pair.Key, pair => change(pair.Value), all.KeyComparer);
}
