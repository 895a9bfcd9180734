using System.Globalization;
using Azure;
using Azure.Data.Tables;

namespace ServerlessAi.Accounts;

/// <summary>
/// Row keys and row shapes of the table <c>outbox</c>. Partitions are minutes, <c>yyyyMMddHHmm</c>, in which items fall due: the past is one range. What was
/// given up lies in <c>dead|minute</c>, behind all of them.
/// </summary>
internal static class OutboxRows
{
    public const string DeadFirst = "dead|";
    public const string DeadEnd = "dead}";

    /// <summary>Sorts behind all minutes.</summary>
    public const string MinutesEnd = ":";

    public const string DueAt = "DueAt";

    private const string MinuteFormat = "yyyyMMddHHmm";
    private const string Id = "Id";
    public const string Account = "Account";
    public const string Kind = "Kind";
    private const string Channel = "Channel";
    private const string Attempts = "Attempts";
    public const string Body = "Body";
    private const string Source = "Source";
    private const string Token = "Token";
    private const string CreatedAt = "CreatedAt";
    private const string Error = "Error";
    public const string MovesTo = "MovesTo";

    public static string Minute(DateTimeOffset at) => at.UtcDateTime.ToString(MinuteFormat, CultureInfo.InvariantCulture);

    public static string Dead(DateTimeOffset at) => DeadFirst + Minute(at);

    public static TableEntity ToEntity(string partition, OutboxItem item) => new(partition, item.Id)
    {
        [Id] = item.Id,
        [Account] = item.AccountId,
        [Kind] = item.Kind,
        [DueAt] = item.DueAt,
        [Attempts] = item.Attempts,
        [Channel] = item.Channel,
        [Body] = item.Body,
        [Source] = item.Source,
        [Token] = item.Token,
        [CreatedAt] = item.CreatedAt,
        [Error] = item.Error,
    };

    /// <summary>What a try, or the beginning of one, changes: to be merged.</summary>
    public static TableEntity ToChange(StoredItem stored)
    {
        var change = new TableEntity(stored.Partition, stored.Item.Id) { [DueAt] = stored.Item.DueAt, [Attempts] = stored.Item.Attempts };
        if (stored.Item.Error is { } error)
        {
            change[Error] = error;
        }

        if (stored.MovesTo is { } partition)
        {
            change[MovesTo] = partition;
        }

        return change;
    }

    /// <exception cref="InvalidDataException">Not a row of ours.</exception>
    public static StoredItem ToItem(TableEntity row)
    {
        var item = new OutboxItem(
            row.RowKey, Text(row, Account), Text(row, Kind), row.GetDateTimeOffset(DueAt) ?? default, row.GetInt32(Attempts) ?? 0, row.GetString(Channel), row.GetString(Body))
        {
            CreatedAt = row.GetDateTimeOffset(CreatedAt) ?? default,
            Source = row.GetString(Source),
            Token = row.GetString(Token),
            Error = row.GetString(Error),
        };
        return new StoredItem(item, row.PartitionKey, row.ETag, row.GetString(MovesTo));
    }

    private static string Text(TableEntity row, string name) => row.GetString(name) ?? throw new InvalidDataException($"A row of the outbox lacks its property '{name}'.");
}
