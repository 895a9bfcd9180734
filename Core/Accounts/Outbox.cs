using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Takes what is to be told. Intents are written before the transaction that makes them true: a crash in between leaves an intent that finds nothing and is
/// dropped, never something true that nobody is told.
/// </summary>
public sealed class Outbox(Tables tables, IIdSource ids)
{
    /// <summary>The names of kinds as receivers see them.</summary>
    public static string KindOf(AlertKind kind) => kind switch
    {
        AlertKind.Limit => "limit",
        AlertKind.LowBalance => "low_balance",
        AlertKind.UnusualSpending => "unusual_spending",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };

    /// <summary>Writes the intent to tell of alerts; to be called before the transaction that writes their rows. Repeating it tells nobody twice.</summary>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsUnavailable"/> knows. Then the transaction must not be submitted yet.</exception>
    public async Task EnlistAsync(string accountId, IReadOnlyList<AlertRecord> alerts, DateTimeOffset now)
    {
        foreach (var alert in alerts)
        {
            await EnlistAsync(accountId, KindOf(alert.Kind), AlertRows.Key(alert), now, CancellationToken.None);
        }
    }

    /// <summary>
    /// Writes the intent to tell of an operation of the account: of a purchase or a gift. Whoever carries the operation out again, after a crash, writes it
    /// again; the operation's row <c>op|</c> is told of once.
    /// </summary>
    public Task EnlistAsync(string accountId, string operationId, PurchaseNews news, DateTimeOffset now, CancellationToken cancellationToken) =>
        EnlistAsync(accountId, PurchaseNews.Kind, AccountRows.OperationKey(operationId), now, cancellationToken, StoredJson.Write(news));

    /// <inheritdoc cref="EnlistAsync(string, string, PurchaseNews, DateTimeOffset, CancellationToken)"/>
    public Task EnlistAsync(string accountId, string operationId, GiftNews news, DateTimeOffset now, CancellationToken cancellationToken) =>
        EnlistAsync(accountId, GiftNews.Kind, AccountRows.OperationKey(operationId), now, cancellationToken, StoredJson.Write(news));

    /// <inheritdoc cref="EnlistAsync(string, string, PurchaseNews, DateTimeOffset, CancellationToken)"/>
    public Task EnlistAsync(string accountId, string operationId, PaymentFailedNews news, DateTimeOffset now, CancellationToken cancellationToken) =>
        EnlistAsync(accountId, PaymentFailedNews.Kind, AccountRows.OperationKey(operationId), now, cancellationToken, StoredJson.Write(news));

    /// <summary>Writes the intent to tell of a row of the account that is about to be written, or was.</summary>
    /// <param name="source">The row's key.</param>
    /// <param name="body">JSON of what is told; null for the row's own <c>Body</c>.</param>
    public Task EnlistAsync(string accountId, string kind, string source, DateTimeOffset now, CancellationToken cancellationToken, string? body = null) =>
        AddAsync(
            new OutboxItem(Digest.Of("intent", accountId, source)[..IdLength], accountId, kind, now, Attempts: 0, Channel: null, body)
            {
                CreatedAt = now,
                Source = source,
                Token = ids.NewOperationId(),
            },
            cancellationToken);

    /// <summary>Has something sent on one channel that stands for itself. Repeating it with the same id within the minute sends it once.</summary>
    public Task SendAsync(string accountId, string kind, string channel, string id, string body, DateTimeOffset now, CancellationToken cancellationToken) =>
        AddAsync(new OutboxItem(id, accountId, kind, now, Attempts: 0, channel, body) { CreatedAt = now }, cancellationToken);

    /// <summary>The id of what an intent becomes on a channel.</summary>
    public static string IdOf(OutboxItem intent, string channel) => Digest.Of("item", intent.AccountId, intent.Source ?? intent.Id, channel)[..IdLength];

    private const int IdLength = 32;

    private async Task AddAsync(OutboxItem item, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        try
        {
            await client.AddEntityAsync(OutboxRows.ToEntity(OutboxRows.Minute(item.DueAt), item), cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            // Enlisted a moment ago.
        }
    }
}
