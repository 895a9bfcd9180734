using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Azure.Data.Tables;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Notifications;
using ServerlessAi.Payments;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;
using ServerlessAi.Teams;

namespace ServerlessAi.Privacy;

/// <summary>One thing that is held on a user.</summary>
/// <param name="Kind">
/// What it is: <c>team</c>, <c>invite</c> and <c>key</c>; <c>payer</c>, <c>order</c>, <c>gift</c>, <c>code</c> and <c>referral</c>; and the rows of the account, among them
/// <c>account</c>, <c>entry</c>, <c>hold</c>, <c>use</c>, <c>op</c>, <c>idem</c>, <c>image</c>, <c>alert</c>, <c>notifications</c>, <c>plan</c>, <c>bill</c>, <c>chat</c>, <c>day</c>,
/// <c>month</c> and <c>report</c>.
/// </param>
/// <param name="Id">Its name among its kind; that of the team for how the team that they founded pays (<c>payer</c>) and where its news go (<c>notifications</c>).</param>
public sealed record ExportedItem(string Kind, string Id, JsonNode? Data);

/// <summary>
/// Everything held on a user, as it is stored, secrets left out. One row at a time: it may be long. Hour marks of having been active are not in it: they say
/// nothing that the rows of the account do not say.
/// </summary>
public sealed class AccountExport(Tables tables, Members members, AccountStore accounts, Invites invites, ApiKeys keys, PaymentExport payments, PreferenceRows preferences, ClaimBodies bodies, TimeProvider time)
{
    public async IAsyncEnumerable<ExportedItem> ReadAsync(string userId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var team in (await members.ReadAsync(userId, cancellationToken)).All)
        {
            var member = await accounts.ReadStoredAsync(team) is { } state ? Membership.Find(state, userId) : null;
            yield return new ExportedItem("team", team, member is null ? null : ExportedRows.Of(member));
        }

        await foreach (var invite in invites.ReadOfAsync(userId, cancellationToken))
        {
            yield return new ExportedItem("invite", invite.Id, ExportedRows.Of(invite));
        }

        await foreach (var key in keys.ListAsync(userId, "", cancellationToken))
        {
            yield return new ExportedItem("key", key.Prefix, new JsonObject { ["name"] = key.Name, ["role"] = key.Role.ToString(), ["scopes"] = key.Scopes.ToString(), ["createdAt"] = key.CreatedAt, ["revokedAt"] = key.RevokedAt });
        }

        await foreach (var (kind, id, held) in payments.ReadAsync(userId, cancellationToken))
        {
            yield return new ExportedItem(kind, id, ExportedRows.Of(held));
        }

        await foreach (var item in ReadTeamOfAsync(userId, cancellationToken))
        {
            yield return item;
        }

        var client = await tables.GetAsync(TableNames.Accounts);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(userId)}");
        await foreach (var row in client.ReadLongAsync(filter, time, cancellationToken))
        {
            if (row.RowKey.StartsWith(AlertRows.Newest, StringComparison.Ordinal))
            {
                // The same alerts in another order.
                continue;
            }

            var (parts, data) = (row.RowKey.Split('|', 2), ExportedRows.Of(row));
            if (row.ContainsKey(ClaimBodies.RenderedBlob))
            {
                data[ClaimBodies.Rendered] = await bodies.ReadAsync(row, cancellationToken);
            }

            yield return new ExportedItem(parts[0], parts.Length > 1 ? parts[1] : "", data);
        }
    }

    /// <summary>What the founder of a team holds of it alone, and others do not see: how it pays and what it bought, and where its news go.</summary>
    private async IAsyncEnumerable<ExportedItem> ReadTeamOfAsync(string userId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var team = TeamAccounts.Of(userId);
        if (await accounts.ReadStoredAsync(team) is not { IsFounderless: false })
        {
            yield break;
        }

        await foreach (var (kind, id, held) in payments.ReadAsync(team, cancellationToken))
        {
            yield return new ExportedItem(kind, id.Length == 0 ? team : id, ExportedRows.Of(held));
        }

        if (await preferences.ReadAsync(team, cancellationToken) is var wanted && wanted != Preferences.None)
        {
            yield return new ExportedItem("notifications", team, ExportedRows.Of(wanted));
        }
    }
}
