using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>Looks into the world's storage, past all its troubles, and says what is not as it must be.</summary>
internal sealed class Bookkeeper(World world)
{
    private readonly TableServiceClient service = new(SimulatedStorage.ConnectionString, new TableClientOptions { Transport = world.Everything });

    private TableClient Accounts => service.GetTableClient(TableNames.Accounts);

    /// <summary>What must be in storage whenever a provider is called.</summary>
    public async Task CheckCallAsync(VendorCall call)
    {
        var exchange = call.Exchange;
        var holds = await HoldsOfAsync(exchange.Accounts, exchange.OperationIds);
        // It may have lapsed while the app looked, or while storage did not let it look.
        if (!holds.Any(hold => hold.Status is HoldStatus.Open or HoldStatus.Expired))
        {
            world.Violate($"Call {call.Number} was made without a hold in storage, for {exchange}.");
        }

        // Of a batch some items may have their results, which the keys of the items see to.
        if (exchange is { Key: { } key, IsBatch: false })
        {
            var remembered = world.Time.GetUtcNow() - Exchange.KeyLife;
            var others = world.Exchanges
                .Where(other => other.Key == key && other.User == exchange.User && other.Path == exchange.Path && other.SentAt > remembered)
                .SelectMany(other => other.OperationIds);
            if ((await HoldsOfAsync(exchange.Accounts, others)).Any(hold => hold is { Status: HoldStatus.Settled, Superseded: false }))
            {
                world.Violate($"Call {call.Number} was made although its key had its result, for {exchange}.");
            }
        }
    }

    /// <summary>Whether what ends an operation lies in storage, for any machine to carry out.</summary>
    public async Task<bool> IsEndKeptAsync(Exchange exchange, string operationId)
    {
        var isKept = false;
        foreach (var accountId in await HasTableAsync(TableNames.Unsettled) ? exchange.Accounts : [])
        {
            isKept |= (await service.GetTableClient(TableNames.Unsettled).GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), TableKey.Escape(operationId))).HasValue;
        }

        return isKept;
    }

    /// <summary>The rows of the holds that these operations took, in whichever of these accounts.</summary>
    public async Task<IReadOnlyList<HoldRecord>> HoldsOfAsync(IReadOnlyList<string> accounts, IEnumerable<string> operationIds)
    {
        var holds = new List<HoldRecord>();
        foreach (var (id, accountId) in from id in await HasTableAsync(TableNames.Accounts) ? operationIds : [] from accountId in accounts select (id, accountId))
        {
            var row = await Accounts.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), AccountRows.HoldKey(id));
            if (row.HasValue)
            {
                holds.Add(AccountRows.ToHold(row.Value!));
            }
        }

        return holds;
    }

    /// <summary>All rows of an account.</summary>
    public async Task<AccountRowsRead> ReadAsync(string accountId) =>
        await HasTableAsync(TableNames.Accounts) ? await AccountRowsRead.ReadAsync(Accounts, accountId, CancellationToken.None) : new AccountRowsRead();

    /// <summary>The app's own proof.</summary>
    public Task<AccountProof> ProveAsync(string accountId) => Auditor.ProveAsync(Accounts, accountId, world.Time, CancellationToken.None);

    /// <summary>What the table <c>spend</c> says of one month, nano-USD.</summary>
    public async Task<long> SpentNanoUsdAsync(string month)
    {
        var sum = 0L;
        await foreach (var row in service.GetTableClient(TableNames.Spend).QueryAsync<TableEntity>(row => row.PartitionKey == month))
        {
            sum += row.GetInt64("CostNanoUsd") ?? 0;
        }

        return sum;
    }

    /// <summary>What all instances and the reconciler say together of one month.</summary>
    public async Task<MonthReport> ReadReportAsync(string month)
    {
        var partition = ReportRows.MonthKey(month);
        var sum = new MonthReport(month);
        await foreach (var row in service.GetTableClient(TableNames.Spend).QueryAsync<TableEntity>(row => row.PartitionKey == partition))
        {
            sum += ReportRows.ToMonth(row);
        }

        return sum;
    }

    /// <summary>Names of the accounts that somebody's numbers were moved to who wanted to be forgotten.</summary>
    public async Task<IReadOnlyList<string>> FindErasedAsync()
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        if (await HasTableAsync(TableNames.Accounts))
        {
            var (from, to) = (AccountRows.Partition(ErasedAccounts.Prefix), AccountRows.Partition(ErasedAccounts.Prefix + "~"));
            await foreach (var row in Accounts.QueryAsync<TableEntity>(row => row.PartitionKey.CompareTo(from) >= 0 && row.PartitionKey.CompareTo(to) < 0, select: ["PartitionKey"]))
            {
                found.Add(row.PartitionKey);
            }
        }

        return [.. found];
    }

    /// <summary>All rows of a table, as text, to look for what must not be in them.</summary>
    public async Task<IReadOnlyList<TableEntity>> ReadTableAsync(string name, string? partition = null) => await HasTableAsync(name)
        ? await service.GetTableClient(name).QueryAsync<TableEntity>(partition is null ? null : TableClient.CreateQueryFilter($"PartitionKey eq {partition}")).ToListAsync()
        : [];

    /// <summary>Orders of an account.</summary>
    public async Task<IReadOnlyList<Order>> ReadOrdersAsync(string accountId)
    {
        var orders = new List<Order>();
        if (await HasTableAsync(TableNames.Orders))
        {
            var partition = AccountRows.Partition(accountId);
            await foreach (var row in service.GetTableClient(TableNames.Orders).QueryAsync<TableEntity>(row => row.PartitionKey == partition))
            {
                if (row.RowKey.StartsWith("order|", StringComparison.Ordinal))
                {
                    orders.Add(StoredJson.Read<Order>(LongText.Read(row, "Body")));
                }
            }
        }

        return orders;
    }

    /// <summary>Whether a table exists, which the app only makes when it needs it.</summary>
    public async Task<bool> HasTableAsync(string name) => await service.QueryAsync(table => table.Name == name).AnyAsync();
}
