using System.Collections.Concurrent;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Storage;

/// <summary>Names of all tables, without the prefix of the installation.</summary>
public static class TableNames
{
    public const string Accounts = "accounts";
    public const string Active = "active";
    public const string Cache = "cache";
    public const string Catalog = "catalog";
    public const string Guests = "guests";
    public const string Keys = "keys";
    public const string Members = "members";
    public const string Outbox = "outbox";
    public const string Spend = "spend";
    public const string Unsettled = "unsettled";

    public static readonly string[] All = [Accounts, Active, Cache, Catalog, Guests, Keys, Members, Outbox, Spend, Unsettled];
}

/// <summary>
/// Hands out table clients and creates a table the first time it is asked for. Two retry policies: rows about money never retry below
/// us, because the account's store must know whether an earlier attempt may have arrived; the others retry briefly.
/// </summary>
public sealed class Tables(IOptions<StorageOptions> options, StorageConnection connection, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Task<TableClient>> created = new(StringComparer.Ordinal);

    /// <summary>Clients that retry once: catalog, cache, guests, keys, outbox, spend.</summary>
    private readonly TableServiceClient retrying = connection.CreateTableService(Options(options.Value, connection, time, retries: 1));

    /// <summary>Clients that never retry by themselves: accounts, the indexes that go with them, and what could not be settled in them.</summary>
    private readonly TableServiceClient single = connection.CreateTableService(Options(options.Value, connection, time, retries: 0));

    /// <summary>The client of one table, after making sure once that the table exists.</summary>
    public async Task<TableClient> GetAsync(string name)
    {
        var creation = created.GetOrAdd(name, CreateAsync);
        try
        {
            return await creation;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Only success is remembered; the next caller tries again. A role that Azure has just assigned, for one, takes minutes to count.
            created.TryRemove(new KeyValuePair<string, Task<TableClient>>(name, creation));
            throw;
        }
    }

    /// <summary>Asks the table service for something small; throws what <see cref="StorageFaults.IsUnavailable"/> knows when it is gone.</summary>
    public async Task PingAsync(CancellationToken cancellationToken)
    {
        await foreach (var page in single.QueryAsync(maxPerPage: 1, cancellationToken: cancellationToken).AsPages().WithCancellation(cancellationToken))
        {
            _ = page;
            return;
        }
    }

    private async Task<TableClient> CreateAsync(string name)
    {
        var service = name is TableNames.Accounts or TableNames.Active or TableNames.Members or TableNames.Unsettled ? single : retrying;
        var client = service.GetTableClient(options.Value.TablePrefix + name);
        await client.CreateIfNotExistsAsync();
        return client;
    }

    private static TableClientOptions Options(StorageOptions options, StorageConnection connection, TimeProvider time, int retries)
    {
        var clientOptions = new TableClientOptions { RetryPolicy = new Retrying(retries, TimeSpan.FromMilliseconds(100), time) };
        clientOptions.Retry.NetworkTimeout = TimeSpan.FromMilliseconds(options.NetworkTimeoutMs);
        clientOptions.Diagnostics.IsLoggingEnabled = false;
        if (connection.Transport is { } transport)
        {
            clientOptions.Transport = transport;
        }

        return clientOptions;
    }
}
