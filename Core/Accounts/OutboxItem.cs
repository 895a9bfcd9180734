namespace ServerlessAi.Accounts;

/// <summary>
/// Something to be told, a row of the table <c>outbox</c>. Without a channel it is an intent, which becomes an item for each channel of its account; with
/// one it is sent there.
/// </summary>
/// <param name="Id">Lower-case hexadecimal, the same however often it is tried: receivers know a repetition by it.</param>
/// <param name="Kind">What it is about; the word under which its receiver may choose channels, such as <c>low_balance</c>.</param>
/// <param name="DueAt">Not to be touched before: when it is tried next, or how long somebody is at it.</param>
/// <param name="Attempts">How often sending it was tried.</param>
/// <param name="Channel">Null: an intent.</param>
/// <param name="Body">JSON of what is told; null: what the row <see cref="Source"/> says. Nobody's prompts.</param>
public sealed record OutboxItem(string Id, string AccountId, string Kind, DateTimeOffset DueAt, int Attempts, string? Channel, string? Body)
{
    /// <summary>When what it tells of happened.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// Row key, in the account's partition, of what is told; written in the transaction that makes it true. Without the row nothing is
    /// told. Null: the item stands for itself.
    /// </summary>
    public string? Source { get; init; }

    /// <summary>Tells this intent from another one for the same source. The first that finds the source true marks it, and only that one is told.</summary>
    public string? Token { get; init; }

    /// <summary>Why the last try failed: a short code without addresses.</summary>
    public string? Error { get; init; }
}

/// <summary>An item as it was read, with its place and tag.</summary>
/// <param name="MovesTo">The partition that it is on its way to.</param>
public sealed record StoredItem(OutboxItem Item, string Partition, Azure.ETag ETag, string? MovesTo = null);
