using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Notifications;

/// <param name="Next">Where the next page starts; null on the last one.</param>
public sealed record OutboxPage(IReadOnlyList<OutboxItem> Items, string? Next);

/// <summary>The outbox for those who look after the installation: what waits, what was given up, and another try at that.</summary>
public sealed class DeadLetters(OutboxQueue queue, TimeProvider time)
{
    public const int PageLimit = 200;

    private const int IdLimit = 64;

    /// <param name="after">What <see cref="OutboxPage.Next"/> said; null for the first page.</param>
    public async Task<Answer<OutboxPage>> ListAsync(bool dead, int count, string? after, CancellationToken cancellationToken)
    {
        (string, string)? start = null;
        if (after is not null)
        {
            var dot = after.LastIndexOf('.');
            if (dot < 1 || !IsId(after[(dot + 1)..]) || !after.AsSpan(0, dot).ContainsOnly())
            {
                return Refusal.Invalid("'next' must be as a page gave it.");
            }

            start = ((dead ? OutboxRows.DeadFirst : "") + after[..dot], after[(dot + 1)..]);
        }

        var wanted = Math.Clamp(count, 1, PageLimit);
        var items = await queue.ListAsync(dead, wanted + 1, start, cancellationToken);
        var shown = items.Take(wanted).ToList();
        var next = items.Count > wanted ? $"{shown[^1].Partition[(dead ? OutboxRows.DeadFirst.Length : 0)..]}.{shown[^1].Item.Id}" : null;
        return new OutboxPage([.. shown.Select(stored => stored.Item)], next);
    }

    /// <summary>Has a notification that was given up tried again, from the beginning of its waits.</summary>
    public async Task<Answer<OutboxItem>> RetryAsync(string id, CancellationToken cancellationToken)
    {
        if (!IsId(id) || await queue.FindDeadAsync(id, cancellationToken) is not { } dead)
        {
            return Refusal.NotFound("No notification of this id was given up in the last 14 days.");
        }

        var again = dead with { Item = dead.Item with { Attempts = 0, DueAt = time.GetUtcNow() } };
        await queue.PostponeAsync(again, cancellationToken);
        return again.Item;
    }

    private static bool IsId(string id) => id.Length is > 0 and <= IdLimit && id.All(char.IsAsciiHexDigitLower);
}

file static class Digits
{
    public static bool ContainsOnly(this ReadOnlySpan<char> text) => text.IndexOfAnyExceptInRange('0', '9') < 0;
}
