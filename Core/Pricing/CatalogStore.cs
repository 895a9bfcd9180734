using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Pricing;

/// <summary>
/// The catalog: what this build ships, overlaid by what storage holds. Read at most every five minutes; when storage does not answer, what was
/// read last serves on, or else the shipped list, and storage is asked again half a minute later.
/// </summary>
public sealed partial class CatalogStore(Tables tables, TimeProvider time, ILogger<CatalogStore> logger)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    // Stale prices can wait for the next try; at a cold start there are none, and signing in takes its time.
    private static readonly TimeSpan RefreshPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim loading = new(1, 1);
    private volatile Loaded? loaded;

    private sealed record Loaded(Catalog Catalog, DateTimeOffset GoodUntil);

    public async ValueTask<Catalog> GetAsync(CancellationToken cancellationToken)
    {
        if (loaded is { } current && time.GetUtcNow() < current.GoodUntil)
        {
            return current.Catalog;
        }

        await loading.WaitAsync(cancellationToken);
        try
        {
            if (loaded is { } other && time.GetUtcNow() < other.GoodUntil)
            {
                return other.Catalog;
            }

            loaded = await LoadAsync(cancellationToken);
            return loaded.Catalog;
        }
        finally
        {
            loading.Release();
        }
    }

    /// <summary>Makes the next reader ask storage; for the instance that has just changed something.</summary>
    public void Forget() => loaded = loaded is { } last ? last with { GoodUntil = DateTimeOffset.MinValue } : null;

    /// <summary>One model as stored, or as shipped; null when there is none or it was removed.</summary>
    public async Task<ModelEntry?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var row = await ReadRowAsync(id, cancellationToken);
        return Current(row, id);
    }

    /// <summary>Writes the successor of an entry. The price versions it carries are also kept in rows of their own, which never change.</summary>
    /// <param name="change">Makes the new entry from the present one (null: none); its revision is set here. Returning null writes nothing.</param>
    /// <returns>The entry written, or null when <paramref name="change"/> declined or somebody else changed the entry meanwhile.</returns>
    public async Task<ModelEntry?> ChangeAsync(string id, Func<ModelEntry?, ModelEntry?> change, bool remove, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Catalog);
        var row = await ReadRowAsync(id, cancellationToken);
        var present = Current(row, id);
        if (change(present) is not { } next)
        {
            return null;
        }

        if (row is not null && present is null)
        {
            // Added again after a removal: a version number stands on receipts and must never mean two prices.
            var last = CatalogRows.ToModel(row).Prices.Max(price => price.Version);
            next = next with { Prices = [.. next.Prices.Select(price => price with { Version = price.Version + last })] };
        }

        next = next with { Revision = (row is null ? 0 : CatalogRows.ToModel(row).Revision) + 1 };
        var entity = CatalogRows.ToEntity(next, remove);
        try
        {
            if (row is null)
            {
                await client.AddEntityAsync(entity, cancellationToken);
            }
            else
            {
                await client.UpdateEntityAsync(entity, row.ETag, TableUpdateMode.Replace, cancellationToken);
            }
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            return null;
        }

        Forget();
        await KeepPricesAsync(client, next, cancellationToken);
        return next;
    }

    // Also keeps versions that an earlier writer recorded in the entry but did not live to copy here.
    private static async Task KeepPricesAsync(TableClient client, ModelEntry model, CancellationToken cancellationToken)
    {
        foreach (var price in model.Prices)
        {
            try
            {
                await client.AddEntityAsync(CatalogRows.ToEntity(model.Id, price), cancellationToken);
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
            {
                // Kept already.
            }
        }
    }

    private async Task<TableEntity?> ReadRowAsync(string id, CancellationToken cancellationToken)
    {
        if (!TableKey.Fits(id))
        {
            // No key can hold this id, so no row has it.
            return null;
        }

        var client = await tables.GetAsync(TableNames.Catalog);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(CatalogRows.Models, CatalogRows.ModelKey(id), cancellationToken: cancellationToken);
        return row.HasValue ? row.Value : null;
    }

    private static ModelEntry? Current(TableEntity? row, string id) => row is null
        ? ShippedCatalog.Models.FirstOrDefault(model => string.Equals(model.Id, id, StringComparison.Ordinal))
        : CatalogRows.IsRemoved(row) ? null : CatalogRows.ToModel(row);

    private async Task<Loaded> LoadAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        try
        {
            var patience = loaded is null ? FirstPatience : RefreshPatience;
            var models = await ReadAllAsync(cancellationToken).WaitAsync(patience, time, cancellationToken);
            return new Loaded(new Catalog(models, CatalogSource.Stored), now + Fresh);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && StorageFaults.IsUnavailable(exception))
        {
            LogUnavailable(logger, exception);
            var fallback = loaded is { } last && last.Catalog.Source != CatalogSource.Shipped
                ? new Catalog(last.Catalog.Models, CatalogSource.Stale)
                : new Catalog(ShippedCatalog.Models, CatalogSource.Shipped);
            return new Loaded(fallback, now + RetryAfterFailure);
        }
    }

    private async Task<IReadOnlyCollection<ModelEntry>> ReadAllAsync(CancellationToken cancellationToken)
    {
        var models = ShippedCatalog.Models.ToDictionary(model => model.Id, StringComparer.Ordinal);
        var client = await tables.GetAsync(TableNames.Catalog);
        await foreach (var row in client.QueryAsync<TableEntity>($"PartitionKey eq '{CatalogRows.Models}'", cancellationToken: cancellationToken))
        {
            var model = CatalogRows.ToModel(row);
            models[model.Id] = model;
            if (CatalogRows.IsRemoved(row))
            {
                models.Remove(model.Id);
            }
        }

        return models.Values;
    }

    [LoggerMessage(LogLevel.Warning, "The catalog cannot be read; serving with what is known.")]
    private static partial void LogUnavailable(ILogger logger, Exception exception);
}
