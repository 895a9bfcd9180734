using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Wallet;

/// <param name="Amount">Credits, signed.</param>
/// <param name="Balance">Credits available and held, after this entry.</param>
public sealed record HistoryEntry(long Sequence, EntryKind Kind, decimal Amount, decimal Balance, DateTimeOffset At, string OperationId, string? Reason)
{
    public string? ModelSelected { get; init; }

    public string? ModelServed { get; init; }

    public long? Tokens { get; init; }

    public int? Images { get; init; }

    public decimal? CostUsd { get; init; }

    public static HistoryEntry Of(LedgerEntry entry) => new(
        entry.Sequence, entry.Kind, Money.ToCredits(entry.AmountMicro), Money.ToCredits(entry.BalanceMicro), entry.At, entry.OperationId, entry.Reason)
    {
        ModelSelected = entry.Usage?.ModelSelected,
        ModelServed = entry.Usage?.ModelServed,
        Tokens = entry.Usage?.Tokens,
        Images = entry.Usage?.Images,
        CostUsd = entry.Usage is null ? null : Money.ToUsd(entry.CostNanoUsd),
    };
}

/// <param name="NextBefore">Send it as <c>before</c> to get the next page; absent on the last one.</param>
public sealed record HistoryPage(IReadOnlyList<HistoryEntry> Entries, long? NextBefore);

/// <summary>The ledger, newest first.</summary>
public sealed class CreditsHistory(AccountHistory history)
{
    private const int DefaultCount = 50;

    [Function("credits-history")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits/history")] HttpRequest http, CancellationToken cancellationToken)
    {
        var limit = Number(http, "limit", DefaultCount);
        var before = Number(http, "before", long.MaxValue);
        if (limit is not (>= 1 and <= AccountHistory.PageLimit) || before is null or < 1)
        {
            return Problems.From(Refusal.Invalid($"'limit' must be 1 to {AccountHistory.PageLimit}, 'before' a sequence number."), http.HttpContext);
        }

        var isFirst = before == long.MaxValue;
        var entries = await history.ReadEntriesAsync(http.Caller().AccountId, (int)limit.Value, isFirst ? null : before, cancellationToken);
        var last = entries.Count == limit && entries[^1].Sequence > 1 ? entries[^1].Sequence : (long?)null;
        return Answers.Json(new HistoryPage([.. entries.Select(HistoryEntry.Of)], last));
    }

    private static long? Number(HttpRequest http, string name, long absent)
    {
        var text = http.Query[name].ToString();
        return text.Length == 0 ? absent : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
