using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Teams;

/// <summary>What an invitation says.</summary>
/// <param name="CapMicro">Micro-credits a month that whoever accepts it may spend; null for no cap.</param>
public sealed record Invite(string Team, long? CapMicro, DateTimeOffset ExpiresAt);

/// <summary>
/// Invitations: the table <c>members</c>, a row by the hash of its code. A code is for one user: the first to use it; that user may use it again, which
/// finishes what a crash left undone.
/// </summary>
public sealed class Invites(Tables tables, IIdSource ids, TimeProvider time)
{
    private const string RowKey = "invite";
    private const string Body = "Body";
    private const string UsedBy = "UsedBy";
    private static readonly TimeSpan Life = TimeSpan.FromDays(7);

    /// <returns>The code; only its hash is kept.</returns>
    public async Task<(string Code, Invite Invite)> IssueAsync(string team, long? capMicro, CancellationToken cancellationToken)
    {
        var (code, invite) = (ids.NewSecret(16), new Invite(team, capMicro, time.GetUtcNow() + Life));
        var client = await tables.GetAsync(TableNames.Members);
        await client.AddEntityAsync(new TableEntity(Partition(code), RowKey) { [Body] = StoredJson.Write(invite) }, cancellationToken);
        return (code, invite);
    }

    /// <returns>The invitation, when it is this user's to accept.</returns>
    public async Task<Invite?> TakeAsync(string code, string userId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Members);
        var found = await client.GetEntityIfExistsAsync<TableEntity>(Partition(code), RowKey, cancellationToken: cancellationToken);
        if (!found.HasValue || StoredJson.Read<Invite>(found.Value!.GetString(Body)) is not { } invite || invite.ExpiresAt <= time.GetUtcNow())
        {
            return null;
        }

        if (found.Value.GetString(UsedBy) is { } user)
        {
            return string.Equals(user, userId, StringComparison.Ordinal) ? invite : null;
        }

        found.Value[UsedBy] = userId;
        try
        {
            await client.UpdateEntityAsync(found.Value, found.Value.ETag, TableUpdateMode.Merge, cancellationToken);
            return invite;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            // Somebody else was first; or it was this user, whose reply was lost, and who asks again.
            return null;
        }
    }

    // Never the key of a user: those have no '|', which is escaped.
    private static string Partition(string code) => "invite|" + Digest.Of("invite", code);
}
