using System.Collections.Immutable;
using ServerlessAi.Images;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>One part and whether it answers.</summary>
public sealed record HealthPart(string Name, string Status, int ElapsedMs);

public sealed record HealthReport(string Status, ImmutableArray<HealthPart> Parts, string Catalog, ImmutableArray<string> Providers, bool SampleStandsIn)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsHealthy => string.Equals(Status, Health.Healthy, StringComparison.Ordinal);
}

/// <summary>Asks each part for something small, all at once, for two seconds at most.</summary>
public sealed class Health(Tables tables, IImageStore images, CatalogStore catalogs, ProviderRegistry providers, TimeProvider time)
{
    public const string Healthy = "healthy";
    public const string Unhealthy = "unhealthy";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthReport> CheckAsync(CancellationToken cancellationToken)
    {
        var parts = await Task.WhenAll(
            CheckAsync("tables", tables.PingAsync, cancellationToken),
            CheckAsync("images", images.PingAsync, cancellationToken));
        var catalog = await catalogs.GetAsync(cancellationToken);
        var isHealthy = Array.TrueForAll(parts, part => string.Equals(part.Status, Healthy, StringComparison.Ordinal));
        return new HealthReport(
            isHealthy ? Healthy : Unhealthy, [.. parts], catalog.Source.ToString().ToLowerInvariant(), [.. providers.Names], providers.SampleStandsIn);
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
