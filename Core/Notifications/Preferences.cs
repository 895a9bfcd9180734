using System.Collections.Immutable;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Notifications;

/// <summary>What the owner of an account wants to be told, and where; the row <c>notifications</c> of the account.</summary>
public sealed record Preferences
{
    public static readonly Preferences None = new();

    /// <summary>Confirmed by a code sent to it, or set by an admin.</summary>
    public string? Email { get; init; }

    /// <summary>The mail server refused the address for good; nothing is sent to it until it is set anew.</summary>
    public bool EmailRefused { get; init; }

    /// <summary>Waits to be confirmed; the address before stays until then.</summary>
    public PendingAddress? Pending { get; init; }

    /// <summary>When codes were sent in the last day.</summary>
    public ImmutableArray<DateTimeOffset> CodesSentAt { get; init; } = [];

    public string? WebhookUrl { get; init; }

    /// <summary>Sealed for the account; see <see cref="Access.Sealing.LastingSeals"/>.</summary>
    public string? WebhookSecret { get; init; }

    /// <summary>The receiver said that it is gone; nothing is sent there until the URL is set anew.</summary>
    public bool WebhookGone { get; init; }

    /// <summary>Channels of each kind; a kind that is not here goes to all there are.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Kinds { get; init; } = ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty;

    public bool HasEmail => Email is not null && !EmailRefused;

    public bool HasWebhook => WebhookUrl is not null && !WebhookGone;

    /// <summary>Where a kind goes: what is wanted of what is there.</summary>
    public IEnumerable<string> ChannelsOf(string kind) => NotificationChannels.OfAccounts
        .Where(channel => channel is NotificationChannels.Email ? HasEmail : HasWebhook)
        .Where(channel => !Kinds.TryGetValue(kind, out var wanted) || wanted.Contains(channel, StringComparer.Ordinal));

    public bool Wants(string kind, string channel) => ChannelsOf(kind).Contains(channel, StringComparer.Ordinal);
}

/// <param name="CodeHash">SHA-256 of the code; it has 95 random bits, so there is nothing a slow hash would protect.</param>
public sealed record PendingAddress(string Email, string CodeHash, DateTimeOffset SentAt, DateTimeOffset ExpiresAt);

/// <summary>Reads and changes the preferences of accounts.</summary>
public sealed class PreferenceRows(Tables tables)
{
    private const string RowKey = "notifications";
    private const string Body = "Body";
    private const int ChangeAttempts = 5;

    public async Task<Preferences> ReadAsync(string accountId, CancellationToken cancellationToken) => (await FindAsync(accountId, cancellationToken)).Preferences;

    /// <summary>Changes them as they are then: what others change at the same moment is not lost.</summary>
    /// <param name="change">Gives the same preferences back when there is nothing to change; it may be asked again.</param>
    public async Task<Answer<Preferences>> ChangeAsync(string accountId, Func<Preferences, Answer<Preferences>> change, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        for (var attempt = 0; attempt < ChangeAttempts; attempt++)
        {
            var (before, tag) = await FindAsync(accountId, cancellationToken);
            var changed = change(before);
            if (!changed.Succeeded || ReferenceEquals(changed.Value, before))
            {
                return changed;
            }

            var row = new TableEntity(AccountRows.Partition(accountId), RowKey) { [Body] = StoredJson.Write(changed.Value) };
            try
            {
                await (tag is { } known ? client.UpdateEntityAsync(row, known, TableUpdateMode.Replace, cancellationToken) : client.AddEntityAsync(row, cancellationToken));
                return changed;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // Changed by somebody else; looked at again.
            }
        }

        return Refusal.AccountBusy();
    }

    /// <summary>Forgets where an account's news went: from now on it is told nothing.</summary>
    public async Task ForgetAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        await client.DeleteEntityAsync(AccountRows.Partition(accountId), RowKey, cancellationToken: cancellationToken);
    }

    private async Task<(Preferences Preferences, ETag? ETag)> FindAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), RowKey, cancellationToken: cancellationToken);
        return row.HasValue ? (StoredJson.Read<Preferences>(row.Value!.GetString(Body)), row.Value.ETag) : (Preferences.None, null);
    }
}
