using System.Collections.Immutable;
using ServerlessAi.Images;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Resilience;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>One part and whether it answers.</summary>
public sealed record HealthPart(string Name, string Status, int ElapsedMs);

/// <param name="Status"><c>healthy</c>; <c>degraded</c> while a provider's circuit is not closed; <c>unhealthy</c> without storage.</param>
public sealed record HealthReport(string Status, ImmutableArray<HealthPart> Parts, string Catalog, ImmutableArray<ProviderHealth> Providers, bool SampleStandsIn)
{
    /// <summary>Degraded counts: what still serves should get traffic.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsHealthy => !string.Equals(Status, Health.Unhealthy, StringComparison.Ordinal);
}

/// <summary>Asks each part for something small, all at once, for two seconds at most.</summary>
public sealed class Health(Tables tables, IImageStore images, CatalogStore catalogs, ProviderRegistry providers, ProviderGates gates, TimeProvider time)
{
    public const string Healthy = "healthy";
    public const string Degraded = "degraded";
    public const string Unhealthy = "unhealthy";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthReport> CheckAsync(CancellationToken cancellationToken)
    {
        var parts = await Task.WhenAll(
            CheckAsync("tables", tables.PingAsync, cancellationToken),
            CheckAsync("images", images.PingAsync, cancellationToken));
        var catalog = await catalogs.GetAsync(cancellationToken);
        var isHealthy = Array.TrueForAll(parts, part => string.Equals(part.Status, Healthy, StringComparison.Ordinal));
        var calls = gates.Look(providers.Names);
        var status = !isHealthy ? Unhealthy : calls.All(provider => provider.IsClosed) ? Healthy : Degraded;
        return new HealthReport(status, [.. parts], catalog.Source.ToString().ToLowerInvariant(), calls, providers.SampleStandsIn);
    }

    private async Task<HealthPart> CheckAsync(string name, Func<CancellationToken, Task> ping, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var status = Healthy;
        try
        {
            await ping(cancellationToken).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsAny(exception))
        {
            status = Unhealthy;
        }

        return new HealthPart(name, status, (int)time.GetElapsedTime(startedAt).TotalMilliseconds);
    }
}
