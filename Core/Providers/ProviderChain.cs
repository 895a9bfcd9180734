using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;

namespace ServerlessAi.Providers;

/// <summary>One model asked, and how it went: <c>ok</c> or a failure's code.</summary>
public sealed record Attempt(string Model, string Provider, string Outcome, int ElapsedMs);

/// <summary>What became of a call: an answer and who gave it, or the failure of the last who was asked.</summary>
public sealed record ChainResult<T>(ImmutableArray<Attempt> Attempts, PricedModel Model, T? Value, ProviderFailure? Failure, string? Detail)
    where T : class
{
    /// <summary>Models that were asked and gave no answer, but may bill us all the same (<see cref="ProviderFailures.MayHaveCost"/>).</summary>
    public ImmutableArray<PricedModel> MayBill { get; init; } = [];

    /// <summary>The shortest time that a vendor which failed asks to be left alone; null when none did.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Why the chosen model did not serve; null when it did.</summary>
    public string? FallbackReason => Attempts.Length > 1 ? Attempts[0].Outcome : null;

    public int ProviderMs => Attempts[^1].ElapsedMs;

    /// <summary>Who served, which is the sample where it stands in for the model's own provider.</summary>
    public string Provider => Attempts[^1].Provider;
}

/// <summary>Asks the chosen model and, when it fails in a way that another could mend, the next. Bounded in models and in time.</summary>
public sealed partial class ProviderChain(ProviderRegistry registry, IOptions<ProviderOptions> options, TimeProvider time, ILogger<ProviderChain> logger)
{
    public bool IsAvailable(ModelKind kind, string provider) => registry.IsAvailable(kind, provider);

    /// <param name="chosen">The admitted model at the admitted price; no fallback is dearer.</param>
    /// <param name="call">Asks one model once.</param>
    /// <param name="mayGoOn">Asked before each further model; null lets it always.</param>
    public async Task<ChainResult<T>> RunAsync<T>(
        PricedModel chosen, Catalog catalog, Func<ModelEntry, CancellationToken, Task<ProviderOutcome<T>>> call, Func<Task<bool>>? mayGoOn = null)
        where T : class
    {
        var kind = chosen.Model.Kind;
        var models = FallbackOrder.Of(chosen, catalog, provider => registry.IsAvailable(kind, provider), time.GetUtcNow());
        var attempts = ImmutableArray.CreateBuilder<Attempt>();
        var total = TimeSpan.FromMilliseconds(options.Value.TotalTimeoutMs);
        var each = TimeSpan.FromMilliseconds(options.Value.TimeoutMs(kind));
        var startedAt = time.GetTimestamp();
        ChainResult<T>? last = null;
        var mayBill = ImmutableArray<PricedModel>.Empty;
        TimeSpan? retryAfter = null;
        foreach (var model in models.Take(options.Value.Attempts))
        {
            var left = total - time.GetElapsedTime(startedAt);
            if (left <= TimeSpan.Zero || (last is not null && mayGoOn is not null && !await mayGoOn()))
            {
                break;
            }

            var attemptedAt = time.GetTimestamp();
            var outcome = await AskAsync(model.Model, left < each ? left : each, call);
            var elapsedMs = (int)time.GetElapsedTime(attemptedAt).TotalMilliseconds;
            attempts.Add(new Attempt(model.Model.Id, registry.ServedBy(kind, model.Model.Provider), outcome.Failure?.ToCode() ?? "ok", elapsedMs));
            mayBill = outcome.Failure?.MayHaveCost() == true ? mayBill.Add(model) : mayBill;
            retryAfter = outcome.RetryAfter < (retryAfter ?? TimeSpan.MaxValue) ? outcome.RetryAfter : retryAfter;
            last = new ChainResult<T>(attempts.ToImmutable(), model, outcome.Value, outcome.Failure, outcome.Detail) { MayBill = mayBill, RetryAfter = retryAfter };
            if (outcome.Failure is not { } failure)
            {
                return last;
            }

            LogFailed(logger, model.Model.Id, failure, outcome.Detail);
            if (!failure.AllowsFallback())
            {
                return last;
            }
        }

        return last ?? throw new UnreachableException("The chosen model is always asked.");
    }

    // The client's own token plays no part: once admitted, a call is seen through, so that what it costs is known.
    private async Task<ProviderOutcome<T>> AskAsync<T>(ModelEntry model, TimeSpan timeout, Func<ModelEntry, CancellationToken, Task<ProviderOutcome<T>>> call)
        where T : class
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        try
        {
            return await call(model, deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.Timeout, $"No answer within {(int)timeout.TotalMilliseconds} ms.");
        }
        catch (OperationCanceledException exception) when (exception.InnerException is TimeoutException)
        {
            // How the network stack says that no connection was made in time.
            return ProviderOutcome<T>.Failed(ProviderFailure.Unavailable, exception.Message);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return ProviderOutcome<T>.Failed(VendorErrors.FromNetwork(exception), exception.Message);
        }
        catch (JsonException)
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.BadAnswer, "The answer is not the JSON that the vendor documents.");
        }
    }

    [LoggerMessage(LogLevel.Warning, "Model {Model} failed: {Failure}. {Detail}")]
    private static partial void LogFailed(ILogger logger, string model, ProviderFailure failure, string? detail);
}
