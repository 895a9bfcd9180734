using System.Collections.Concurrent;
using Azure;
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
    private const string Joining = "Joining";
    private const int Attempts = 5;
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
    /// again, and not to take for theirs what was begun before. The user's row goes, unless they have come back to a team since.
    /// </summary>
    /// <param name="hasAccount">Another account has been opened under the name since, and its row stays.</param>
    public async Task BuryAsync(string accountId, bool hasAccount, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        await client.UpsertEntityAsync(new TableEntity(GraveOf(accountId), Grave) { [ForgottenAt] = time.GetUtcNow() }, TableUpdateMode.Merge, cancellationToken);
        var (present, tag) = await FindAsync(accountId, cancellationToken);
        if (!hasAccount && tag is { } known && present == Belonging.None)
        {
            await client.DeleteEntityAsync(AccountRows.Partition(accountId), RowKey, known, cancellationToken);
        }

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
            return (await ReadAsync(userId, CancellationToken.None)).Team;
        }
        finally
        {
            reading.TryRemove(userId, out _);
        }
    }

    /// <summary>Where a user's requests go, past what is remembered, and what has been begun about it.</summary>
    public async Task<Belonging> ReadAsync(string userId, CancellationToken cancellationToken) => (await FindAsync(userId, cancellationToken)).Belonging;

    /// <summary>Changes it as it is then: what others change at the same moment is not lost.</summary>
    /// <param name="change">Gives the same back when there is nothing to change; it may be asked again.</param>
    /// <returns>What it is now.</returns>
    /// <exception cref="TimeoutException">Others changed it again and again.</exception>
    public async Task<Belonging> ChangeAsync(string userId, Func<Belonging, Belonging> change, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (before, tag) = await FindAsync(userId, cancellationToken);
            var after = change(before);
            if (after == before)
            {
                return before;
            }

            var row = new TableEntity(AccountRows.Partition(userId), RowKey) { [Team] = after.Team ?? "", [Left] = after.Left ?? "", [Joining] = after.Joining ?? "" };
            try
            {
                await (tag is { } known ? client.UpdateEntityAsync(row, known, TableUpdateMode.Merge, cancellationToken) : client.AddEntityAsync(row, cancellationToken));
                Remember(userId, after.Team);
                return after;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // Changed by somebody else; looked at again.
            }
        }

        throw new TimeoutException("Where a user belongs could not be changed now.");
    }

    private async Task<(Belonging Belonging, ETag? ETag)> FindAsync(string userId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(userId), RowKey, [Team, Left, Joining], cancellationToken);
        var found = row.HasValue ? ToBelonging(row.Value!) : Belonging.None;
        Remember(userId, found.Team);
        return (found, row.HasValue ? row.Value!.ETag : null);
    }

    private static Belonging ToBelonging(TableEntity row)
    {
        return new Belonging(Named(Team), Named(Left), Named(Joining));

        string? Named(string column) => row.GetString(column) is { Length: > 0 } named ? named : null;
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
