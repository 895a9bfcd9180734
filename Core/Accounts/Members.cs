using System.Collections.Concurrent;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Whose wallet a user spends from, and the accounts there are: the table <c>members</c>, a row for each user and each shared account. An account's row is
/// written before its first transaction; one without an account is one whose first transaction never arrived. What was read is believed for less than a
/// minute, which is how long somebody may still try to spend from a team that they have left; the account itself refuses that.
/// </summary>
public sealed class Members(Tables tables, TimeProvider time)
{
    /// <summary>Accounts of a page at most.</summary>
    public const int PageLimit = 100;

    private const string RowKey = "member";
    private const string Account = "Account";
    private const string Team = "Team";
    private const string Left = "Left";
    private const string Grave = "grave";
    private const string ForgottenAt = "ForgottenAt";
    private const int RememberedLimit = 10_000;
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, (string? Team, DateTimeOffset Until)> remembered = new(StringComparer.Ordinal);

    private readonly ConcurrentDictionary<string, Lazy<Task<string?>>> reading = new(StringComparer.Ordinal);

    public async Task RegisterAsync(string accountId)
    {
        var client = await tables.GetAsync(TableNames.Members);
        await client.UpsertEntityAsync(new TableEntity(AccountRows.Partition(accountId), RowKey) { [Account] = accountId }, TableUpdateMode.Merge);
    }

    /// <summary>
    /// Remembers of a user who was forgotten that they were here, and until when: by a hash of the name, and for nothing but not to welcome them with credits
    /// again, and not to take for theirs what was begun before.
    /// </summary>
    public async Task BuryAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        await client.UpsertEntityAsync(new TableEntity(GraveOf(accountId), Grave) { [ForgottenAt] = time.GetUtcNow() }, TableUpdateMode.Merge, cancellationToken);
        await client.DeleteEntityAsync(AccountRows.Partition(accountId), RowKey, cancellationToken: cancellationToken);
        remembered.TryRemove(accountId, out _);
    }

    /// <returns>When somebody of this name was forgotten; null when nobody was.</returns>
    public async Task<DateTimeOffset?> FindForgottenAsync(string accountId)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var grave = await client.GetEntityIfExistsAsync<TableEntity>(GraveOf(accountId), Grave);
        return grave.HasValue ? grave.Value!.GetDateTimeOffset(ForgottenAt) ?? grave.Value.Timestamp : null;
    }

    /// <summary>The shared account that a user spends from; null for their own.</summary>
    public async ValueTask<string?> FindTeamAsync(string userId, CancellationToken cancellationToken)
    {
        if (remembered.TryGetValue(userId, out var known) && time.GetUtcNow() < known.Until)
        {
            return known.Team;
        }

        // A burst of one user's requests is one read; each of hundreds would wait for the others.
        return await reading.GetOrAdd(userId, id => new Lazy<Task<string?>>(() => ReadForAllAsync(id))).Value.WaitAsync(Patience, time, cancellationToken);
    }

    private async Task<string?> ReadForAllAsync(string userId)
    {
        try
        {
            return await ReadTeamAsync(userId, CancellationToken.None);
        }
        finally
        {
            reading.TryRemove(userId, out _);
        }
    }

    /// <summary>The same, past what is remembered.</summary>
    public async Task<string?> ReadTeamAsync(string userId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(userId), RowKey, [Team], cancellationToken);
        var team = row.HasValue && row.Value!.GetString(Team) is { Length: > 0 } named ? named : null;
        Remember(userId, team);
        return team;
    }

    /// <summary>The shared account that a user has left, when that account has not said so yet.</summary>
    public async Task<string?> ReadLeftAsync(string userId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(userId), RowKey, [Left], cancellationToken);
        return row.HasValue && row.Value!.GetString(Left) is { Length: > 0 } named ? named : null;
    }

    /// <summary>Says from which shared account a user spends.</summary>
    public Task SetTeamAsync(string userId, string team, CancellationToken cancellationToken) => SetAsync(userId, team, left: null, cancellationToken);

    /// <summary>A user spends their own from now on; and which shared account is to know of it, until it does.</summary>
    /// <param name="left">Null when it knows.</param>
    public Task LeaveTeamAsync(string userId, string? left, CancellationToken cancellationToken) => SetAsync(userId, team: null, left, cancellationToken);

    private async Task SetAsync(string userId, string? team, string? left, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        await client.UpsertEntityAsync(new TableEntity(AccountRows.Partition(userId), RowKey) { [Team] = team ?? "", [Left] = left ?? "" }, TableUpdateMode.Merge, cancellationToken);
        Remember(userId, team);
    }

    /// <summary>Ids of accounts in the order of their keys.</summary>
    /// <param name="after">The last id of the page before; null begins.</param>
    public async Task<IReadOnlyList<string>> ReadAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var filter = after is null ? TableClient.CreateQueryFilter($"RowKey eq {RowKey}") : TableClient.CreateQueryFilter($"PartitionKey gt {AccountRows.Partition(after)} and RowKey eq {RowKey}");
        var ids = new List<string>();
        await foreach (var row in client.QueryAsync<TableEntity>(filter, maxPerPage: limit, select: [Account], cancellationToken: cancellationToken))
        {
            if (row.GetString(Account) is { } id)
            {
                ids.Add(id);
            }

            if (ids.Count == limit)
            {
                break;
            }
        }

        return ids;
    }

    private static string GraveOf(string accountId) => Grave + "|" + Digest.Of(Grave, accountId);

    private void Remember(string userId, string? team)
    {
        if (remembered.Count >= RememberedLimit)
        {
            remembered.Clear();
        }

        remembered[userId] = (team, time.GetUtcNow() + Believed);
    }
}
