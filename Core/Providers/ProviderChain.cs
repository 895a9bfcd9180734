using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;
using ServerlessAi.Providers.Resilience;

namespace ServerlessAi.Providers;

/// <summary>
/// Asks the chosen model and, when it fails in a way that another could mend, the next. Bounded in models and in time. Nobody is asked twice: the next
/// model is the better second try, and what may have cost must not be done again.
/// </summary>
public sealed partial class ProviderChain(
    ProviderRegistry registry, ProviderGates gates, IOptions<ProviderOptions> options, TimeProvider time, ILogger<ProviderChain> logger)
{
    // Of models that are passed over, too, because a catalog may have any number.
    private const int TriesLimit = 50;

    public bool IsAvailable(ModelKind kind, string provider) => registry.IsAvailable(kind, provider);

    /// <param name="chosen">The admitted model at the admitted price; no fallback is dearer.</param>
    /// <param name="account">Who waits, where providers are busy: they serve accounts in turn.</param>
    /// <param name="call">Asks one model once.</param>
    /// <param name="mayGoOn">Asked before each further model, and after waiting; null lets it always.</param>
    public async Task<ChainResult<T>> RunAsync<T>(
        PricedModel chosen, Catalog catalog, string account, Func<ModelEntry, CancellationToken, Task<ProviderOutcome<T>>> call, Func<Task<bool>>? mayGoOn = null)
        where T : class
    {
        var kind = chosen.Model.Kind;
        var models = FallbackOrder.Of(chosen, catalog, provider => registry.IsAvailable(kind, provider), time.GetUtcNow());
        var total = TimeSpan.FromMilliseconds(options.Value.TotalTimeoutMs);
        var each = TimeSpan.FromMilliseconds(options.Value.TimeoutMs(kind));
        var startedAt = time.GetTimestamp();
        var run = new ChainRun<T>(options.Value.Attempts);
        foreach (var (place, model) in models.Take(TriesLimit).Index())
        {
            var provider = ServedBy(model);
            if (!run.Wants(provider, models.Skip(place + 1).Select(ServedBy)))
            {
                continue;
            }

            if (run.IsOver || Left() <= TimeSpan.Zero || (run.Last is not null && mayGoOn is not null && !await mayGoOn()))
            {
                break;
            }

            var passage = new Passage(model.Model, provider, account, Left()) { IsWanted = mayGoOn };
            run.Add(model, provider, await gates.PassAsync(passage, () => CallAsync(token => call(model.Model, token), Left(), each)));
            if (run.Last is { Failure: { } failure, Detail: var detail })
            {
                LogFailed(logger, model.Model.Id, failure, detail);
            }
        }

        return run.Last ?? throw new UnreachableException("The chosen model is always tried.");

        TimeSpan Left() => total - time.GetElapsedTime(startedAt);

        string ServedBy(PricedModel model) => registry.ServedBy(kind, model.Model.Provider);
    }

    private async Task<ProviderOutcome<T>> CallAsync<T>(Func<CancellationToken, Task<ProviderOutcome<T>>> call, TimeSpan left, TimeSpan each)
    {
        var timeout = left < each ? left : each;
        var outcome = await ProviderCall.MakeAsync(call, timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero, time);
        // Who got less than half the time that others get has not shown that it is slow.
        return outcome.Failure is ProviderFailure.Timeout && timeout < each / 2 ? outcome with { IsAbandoned = true } : outcome;
    }

    [LoggerMessage(LogLevel.Warning, "Model {Model} failed: {Failure}. {Detail}")]
    private static partial void LogFailed(ILogger logger, string model, ProviderFailure failure, string? detail);
}
