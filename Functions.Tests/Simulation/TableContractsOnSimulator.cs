using Azure.Data.Tables;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Tests.Polyfills.Tables;

namespace ServerlessAi.Tests.Simulation;

/// <summary>The simulator's end of the contract that Azurite also keeps.</summary>
public sealed class EntitiesOnSimulator : EntityContract
{
    private readonly SimulatedStorage storage = new(TimeProvider.System);

    protected override Task<TableServiceClient> ServiceAsync() => storage.ServiceAsync();
}

public sealed class TypesOnSimulator : TypeContract
{
    private readonly SimulatedStorage storage = new(TimeProvider.System);

    protected override Task<TableServiceClient> ServiceAsync() => storage.ServiceAsync();
}

public sealed class QueriesOnSimulator : QueryContract
{
    private readonly SimulatedStorage storage = new(TimeProvider.System);

    protected override Task<TableServiceClient> ServiceAsync() => storage.ServiceAsync();
}

/// <summary>Pages that are empty and still go on change no result.</summary>
public sealed class QueriesThroughEmptyPages : FilterContract
{
    private readonly SimulatedStorage storage = new(TimeProvider.System, new SimulatedStorageOptions(PageLimit: 1, EmptyPages: true));

    protected override Task<TableServiceClient> ServiceAsync() => storage.ServiceAsync();
}

public sealed class FiltersOnSimulator : FilterContract
{
    private readonly SimulatedStorage storage = new(TimeProvider.System);

    protected override Task<TableServiceClient> ServiceAsync() => storage.ServiceAsync();
}

public sealed class TransactionsOnSimulator : TransactionContract
{
    private readonly SimulatedStorage storage = new(TimeProvider.System);

    protected override Task<TableServiceClient> ServiceAsync() => storage.ServiceAsync();
}

internal static class SimulatedClients
{
    /// <summary>A client that never retries unless told to.</summary>
    public static TableServiceClient Tables(this SimulatedStorage storage, int retries = 0)
    {
        var options = new TableClientOptions { Transport = storage };
        options.Retry.MaxRetries = retries;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        return new TableServiceClient(SimulatedStorage.ConnectionString, options);
    }

    public static Task<TableServiceClient> ServiceAsync(this SimulatedStorage storage) => Task.FromResult(storage.Tables());

    public static async Task<TableClient> NewTableAsync(this SimulatedStorage storage, int retries = 0)
    {
        var table = storage.Tables(retries).GetTableClient("rows");
        await table.CreateAsync();
        return table;
    }
}
