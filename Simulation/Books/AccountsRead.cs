using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>All accounts of a world, and their holds wherever they are: a request's is in its sender's account, in their team's, or where both were moved to.</summary>
internal sealed class AccountsRead
{
    private readonly Dictionary<string, HoldRecord> holds = new(StringComparer.Ordinal);

    /// <summary>By the account's name.</summary>
    public SortedDictionary<string, AccountRowsRead> All { get; } = new(StringComparer.Ordinal);

    public static async Task<AccountsRead> ReadAsync(World world, IReadOnlyList<string> names)
    {
        var read = new AccountsRead();
        foreach (var name in names)
        {
            var rows = await world.Books.ReadAsync(name);
            read.All[name] = rows;
            foreach (var hold in rows.Holds.Where(hold => !read.holds.TryAdd(hold.Hold.OperationId, hold)))
            {
                world.Violate($"{name}: hold {hold.Hold.OperationId} is in another account, too.");
            }
        }

        return read;
    }

    /// <summary>An account's ledger; of who was forgotten, and may have come back, all that there is under whatever name.</summary>
    public static IEnumerable<LedgerEntry> EntriesOf(string user, IReadOnlyDictionary<string, AccountRowsRead> accounts) => RowsOf(user, accounts).SelectMany(rows => rows.Entries);

    /// <summary>What became of an account's plans, likewise.</summary>
    public static IEnumerable<SubscriptionEvent> PlanEventsOf(string user, IReadOnlyDictionary<string, AccountRowsRead> accounts) => RowsOf(user, accounts).SelectMany(rows => rows.PlanEvents);

    public IReadOnlyCollection<HoldRecord> Holds => holds.Values;

    public List<HoldRecord> HoldsOf(Exchange exchange) => [.. exchange.OperationIds.Distinct(StringComparer.Ordinal).Select(id => holds.GetValueOrDefault(id)).OfType<HoldRecord>()];

    private static IEnumerable<AccountRowsRead> RowsOf(string user, IReadOnlyDictionary<string, AccountRowsRead> accounts) => user is Leaver.Name or Team.Owner
        ? accounts.Where(account => account.Key == user || ErasedAccounts.Has(account.Key)).Select(account => account.Value)
        : [accounts[user]];
}
