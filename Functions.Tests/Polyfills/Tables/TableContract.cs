using Azure.Data.Tables;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>What the table client and a table service promise each other. Derived suites run the same tests against each service.</summary>
public abstract class TableContract
{
    private static int _tables;

    /// <summary>A client of the service under test; the options' transport is the suite's unless a test brings its own.</summary>
    protected abstract Task<TableServiceClient> ServiceAsync();

    /// <summary>A name that no other test of this run uses.</summary>
    protected static string UniqueName() => FormattableString.Invariant($"contract{Interlocked.Increment(ref _tables)}");

    protected async Task<TableClient> NewTableAsync()
    {
        TableClient table = (await ServiceAsync()).GetTableClient(UniqueName());
        await table.CreateAsync();
        return table;
    }

    private protected static async Task<TableServiceClient> OnAzuriteAsync(TableClientOptions? options = null) =>
        new((await Azurite.SharedAsync()).ConnectionString, options);
}

/// <summary>Azurite's end of the contract.</summary>
public sealed class EntitiesOnAzurite : EntityContract
{
    protected override Task<TableServiceClient> ServiceAsync() => OnAzuriteAsync();
}

public sealed class TypesOnAzurite : TypeContract
{
    protected override Task<TableServiceClient> ServiceAsync() => OnAzuriteAsync();
}

public sealed class QueriesOnAzurite : QueryContract
{
    protected override Task<TableServiceClient> ServiceAsync() => OnAzuriteAsync();
}

public sealed class FiltersOnAzurite : FilterContract
{
    protected override Task<TableServiceClient> ServiceAsync() => OnAzuriteAsync();
}

public sealed class TransactionsOnAzurite : TransactionContract
{
    protected override Task<TableServiceClient> ServiceAsync() => OnAzuriteAsync();
}
