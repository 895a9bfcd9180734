using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Storage;

namespace ServerlessAi.Pricing;

/// <summary>
/// The catalog: what this build ships, overlaid by what storage holds. Read at most every five minutes; when storage does not answer, what was
/// read last serves on, or else the shipped list, and storage is asked again half a minute later.
/// </summary>
public sealed partial class CatalogStore
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);

    private readonly Tables tables;
    private readonly Remembered<Catalog> catalog;

    public CatalogStore(Tables tables, TimeProvider time, ILogger<CatalogStore> logger)
    {
        this.tables = tables;
        catalog = new Remembered<Catalog>(time, Fresh, LoadAsync, Substitute, exception => LogUnavailable(logger, exception));
    }

    public ValueTask<Catalog> GetAsync(CancellationToken cancellationToken) => catalog.GetAsync(cancellationToken);

    /// <summary>Makes the next reader ask storage; for the instance that has just changed something.</summary>
    public void Forget() => catalog.Forget();

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

    private async Task<Catalog> LoadAsync(CancellationToken cancellationToken) => new(await ReadAllAsync(cancellationToken), CatalogSource.Stored);

    private static Catalog Substitute(Catalog? last) => last is { } known && known.Source != CatalogSource.Shipped
        ? new Catalog(known.Models, CatalogSource.Stale)
        : new Catalog(ShippedCatalog.Models, CatalogSource.Shipped);

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
