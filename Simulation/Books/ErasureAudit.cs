using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>Who wanted to be forgotten, after a run: the numbers are where nothing leads to them, the rest is gone, and nothing is left to do.</summary>
internal sealed class ErasureAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    private static readonly string[] Leavers = [Leaver.Name, Team.Owner];

    public async Task CheckAsync()
    {
        foreach (var erased in accounts.Keys.Where(ErasedAccounts.Has))
        {
            world.Coverage.Add("account erased");
            CheckStrangers(await world.Books.ReadTableAsync(TableNames.Accounts, erased));
        }

        foreach (var name in Leavers)
        {
            await CheckAsync(name);
        }
    }

    private async Task CheckAsync(string name)
    {
        var last = world.Exchanges.FindLastIndex(exchange => exchange is { Method: "DELETE", Path: "api/account", Reply.Status: 200 } && exchange.User == name);
        if (last < 0)
        {
            return;
        }

        if (await world.Books.ReadTableAsync(TableNames.Erasures) is { Count: > 0 } left)
        {
            world.Violate($"{name} was told that they are forgotten, and {left.Count} are not.");
        }

        // Nothing of before the last deletion is under the name.
        var gone = world.Exchanges.Take(world.Exchanges[last].Number).Where(exchange => exchange.User == name && exchange.EndedAt < world.Exchanges[last].SentAt).SelectMany(exchange => exchange.OperationIds).ToHashSet(StringComparer.Ordinal);
        foreach (var kept in accounts[name].Holds.Where(hold => gone.Contains(hold.Hold.OperationId)))
        {
            world.Violate($"{kept.Hold.OperationId} is still under the name of whoever was forgotten.");
        }
    }

    private void CheckStrangers(IReadOnlyList<TableEntity> rows)
    {
        foreach (var row in rows.Where(row => row.Any(property => property.Value is string text && Leavers.Any(name => text.Contains(name, StringComparison.Ordinal)))))
        {
            world.Violate($"The row {row.PartitionKey} {row.RowKey} names whoever was forgotten.");
        }
    }
}
