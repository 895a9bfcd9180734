using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Teams;

/// <summary>What an invitation says.</summary>
/// <param name="CapMicro">Micro-credits a month that whoever accepts it may spend; null for no cap.</param>
public sealed record Invite(string Team, long? CapMicro, DateTimeOffset ExpiresAt);

/// <param name="Id">The hash of its code.</param>
/// <param name="IsAccepted">By the user in question.</param>
/// <param name="IsUsed">By anybody.</param>
public sealed record HeldInvite(string Id, Invite Invite, bool IsAccepted, bool IsUsed);

/// <summary>
/// Invitations: the table <c>members</c>, a row by the hash of its code. A code is for one user: the first to use it; that user may use it again, which
/// finishes what a crash left undone, and lets nobody in a second time: the team's account knows the invitation by its id.
/// </summary>
public sealed class Invites(Tables tables, IIdSource ids, TimeProvider time)
{
    private const string RowKey = "invite";
    private const string Body = "Body";
    private const string UsedBy = "UsedBy";
    private const string ExpiresAt = "ExpiresAt";
    private const string FirstPartition = "invite|";
    private const string PartitionsEnd = "invite}";
    private const int TidiedLimit = 5_000;
    private static readonly TimeSpan Life = TimeSpan.FromDays(7);

    // No clock is wrong by as much.
    private static readonly TimeSpan Slack = TimeSpan.FromDays(1);

    /// <returns>The code; only its hash is kept.</returns>
    public async Task<(string Code, Invite Invite)> IssueAsync(string team, long? capMicro, CancellationToken cancellationToken)
    {
        var (code, invite) = (ids.NewSecret(16), new Invite(team, capMicro, time.GetUtcNow() + Life));
        var client = await tables.GetAsync(TableNames.Members);
        await client.AddEntityAsync(new TableEntity(Partition(code), RowKey) { [Body] = StoredJson.Write(invite), [ExpiresAt] = invite.ExpiresAt }, cancellationToken);
        return (code, invite);
    }

    /// <returns>The invitation, when it is this user's to accept, or was accepted by them.</returns>
    public async Task<HeldInvite?> TakeAsync(string code, string userId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var found = await client.GetEntityIfExistsAsync<TableEntity>(Partition(code), RowKey, cancellationToken: cancellationToken);
        if (!found.HasValue || StoredJson.Read<Invite>(found.Value!.GetString(Body)) is not { } invite || invite.ExpiresAt <= time.GetUtcNow())
        {
            return null;
        }

        if (found.Value.GetString(UsedBy) is { } user)
        {
            return string.Equals(user, Mark(found.Value, userId), StringComparison.Ordinal) ? Held() : null;
        }

        found.Value[UsedBy] = Mark(found.Value, userId);
        try
        {
            await client.UpdateEntityAsync(found.Value, found.Value.ETag, TableUpdateMode.Merge, cancellationToken);
            return Held();
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            // Somebody else was first; or it was this user, whose reply was lost, and who asks again.
            return null;
        }

        HeldInvite Held() => new(IdOf(found.Value), invite, IsAccepted: true, IsUsed: true);
    }

    /// <summary>Invitations to the team that a user founded, and those that they have accepted, as long as they are kept.</summary>
    public async IAsyncEnumerable<HeldInvite> ReadOfAsync(string userId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (client, own) = (await tables.GetAsync(TableNames.Members), TeamAccounts.Of(userId));
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {FirstPartition} and PartitionKey lt {PartitionsEnd}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            var (invite, usedBy) = (StoredJson.Read<Invite>(row.GetString(Body)), row.GetString(UsedBy));
            var isAccepted = string.Equals(usedBy, Mark(row, userId), StringComparison.Ordinal);
            if (isAccepted || string.Equals(invite.Team, own, StringComparison.Ordinal))
            {
                yield return new HeldInvite(IdOf(row), invite, isAccepted, usedBy is not null);
            }
        }
    }

    /// <summary>Deletes what nobody can accept any more; a run so many, and the next goes on.</summary>
    public Task TidyAsync(CancellationToken cancellationToken) => TidyAsync(TidiedLimit, cancellationToken);

    internal async Task TidyAsync(int limit, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var filter = TableClient.CreateQueryFilter($"PartitionKey ge {FirstPartition} and PartitionKey lt {PartitionsEnd} and ExpiresAt lt {time.GetUtcNow() - Slack}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).Take(limit).WithCancellation(cancellationToken))
        {
            await client.DeleteUnchangedAsync([row], cancellationToken);
        }
    }

    private static string IdOf(TableEntity row) => row.PartitionKey[FirstPartition.Length..];

    // Never the key of a user: those have no '|', which is escaped.
    private static string Partition(string code) => FirstPartition + Digest.Of("invite", code);

    // Who has used it is only ever asked of somebody who is there to be compared: no name, and another mark for each invitation.
    private static string Mark(TableEntity row, string userId) => Digest.Of("invited", row.PartitionKey, userId);
}
