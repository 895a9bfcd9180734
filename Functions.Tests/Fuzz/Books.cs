using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Fuzz;

/// <summary>Keeps what the answers said was charged and granted, and holds it against every row of every account. A refusal must have left nothing.</summary>
internal sealed class Books
{
    private readonly ConcurrentDictionary<string, long> served = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string User, string Change), bool> changes = new();

    public int Charges => served.Count(receipt => receipt.Value > 0);

    public int Changes => changes.Count;

    public void Note(FuzzRequest request, FuzzReply reply)
    {
        if (reply.Status is not (>= 200 and < 300) || !string.Equals(request.Method, "POST", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        using var document = JsonDocument.Parse(JsonOf(reply));
        if (document.RootElement.TryGetProperty("results", out var results) && results.EnumerateArray().Any(item => item.TryGetProperty("index", out _)))
        {
            foreach (var item in results.EnumerateArray().Where(item => item.TryGetProperty("result", out var result) && result.TryGetProperty("receipt", out _)))
            {
                Note(item.GetProperty("result").GetProperty("receipt"));
            }
        }
        else if (document.RootElement.TryGetProperty("receipt", out var receipt))
        {
            Note(receipt);
        }
        else if (reply.Headers.TryGetValue("x-operation-id", out var operationId))
        {
            Note(operationId, decimal.Parse(reply.Headers["x-credits-charged"], CultureInfo.InvariantCulture), reply.Headers["x-cache"] is "hit");
        }

        // Only a change of credits answers a POST with grants. The same idempotency key for the same user is the same change.
        if (document.RootElement.TryGetProperty("grants", out _))
        {
            var user = document.RootElement.GetProperty("userId").GetString()!;
            changes[(user, request.Header("Idempotency-Key") is { } key && key.Trim() is { Length: > 0 } sent ? "key " + sent : $"request {request.Number}")] = true;
        }
    }

    /// <summary>An operation from before the run, which was free.</summary>
    public void Know(string operationId) => Note(operationId, charged: 0, cached: false);

    private void Note(JsonElement receipt) =>
        Note(receipt.GetProperty("operationId").GetString()!, receipt.GetProperty("creditsCharged").GetDecimal(), receipt.GetProperty("cached").GetBoolean());

    private void Note(string operationId, decimal charged, bool cached) =>
        Assert.True(cached || served.TryAdd(operationId, Money.FromCredits(charged)), "Two answers have one operation id.");

    // Of a stream, its last event, or the member that OpenAI's last chunk has for us.
    private static string JsonOf(FuzzReply reply)
    {
        if (!reply.Body.StartsWith("data: ", StringComparison.Ordinal))
        {
            return reply.Body;
        }

        var events = reply.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        if (events[^1] is not "data: [DONE]")
        {
            return events[^1]["data: ".Length..];
        }

        using var last = JsonDocument.Parse(events[^2]["data: ".Length..]);
        return last.RootElement.GetProperty("serverlessai").GetRawText();
    }

    public async Task AuditAsync(TestApp app)
    {
        var (states, entries, holds) = await ReadAsync(await app.Get<Tables>().GetAsync(TableNames.Accounts));

        Assert.All(states.Values, state => Assert.Empty(state.Holds));
        Assert.All(holds, hold => Assert.Equal(HoldStatus.Settled, hold.Status));
        Assert.Equal(served.Keys.Order(StringComparer.Ordinal), holds.Select(hold => hold.Hold.OperationId).Order(StringComparer.Ordinal));
        Assert.Equal(
            served.Where(receipt => receipt.Value > 0).Select(receipt => (receipt.Key, receipt.Value)).OrderBy(charge => charge.Key, StringComparer.Ordinal),
            entries.Values.SelectMany(ledger => ledger).Where(entry => entry.Kind == EntryKind.Charge).Select(entry => (entry.OperationId, -entry.AmountMicro))
                .OrderBy(charge => charge.OperationId, StringComparer.Ordinal));
        foreach (var (partition, state) in states)
        {
            Check(state, [.. entries.GetValueOrDefault(partition, []).OrderBy(entry => entry.Sequence)]);
        }

        Assert.Equal(changes.Count, entries.Values.SelectMany(ledger => ledger).Count(IsChange));
    }

    private void Check(AccountState state, List<LedgerEntry> ledger)
    {
        Assert.Equal(Enumerable.Range(1, ledger.Count).Select(number => (long)number), ledger.Select(entry => entry.Sequence));
        Assert.Equal(state.BalanceMicro, ledger.Sum(entry => entry.AmountMicro));
        Assert.Equal(state.BalanceMicro, ledger.Count == 0 ? 0 : ledger[^1].BalanceMicro);
        Assert.Equal(changes.Keys.Count(change => string.Equals(change.User, state.AccountId, StringComparison.Ordinal)), ledger.Count(IsChange));
    }

    // Besides charges a ledger has what admins changed, the sign-up grant that opened the account, and what users redeemed and gave to each other.
    private static bool IsChange(LedgerEntry entry) => entry.Kind != EntryKind.Charge && !string.Equals(entry.OperationId, "signup", StringComparison.Ordinal)
        && !Array.Exists(["gift-", "code-", "order-", "refund-"], prefix => entry.OperationId.StartsWith(prefix, StringComparison.Ordinal));

    private static async Task<(Dictionary<string, AccountState> States, Dictionary<string, List<LedgerEntry>> Entries, List<HoldRecord> Holds)> ReadAsync(TableClient accounts)
    {
        var states = new Dictionary<string, AccountState>(StringComparer.Ordinal);
        var entries = new Dictionary<string, List<LedgerEntry>>(StringComparer.Ordinal);
        var holds = new List<HoldRecord>();
        await foreach (var row in accounts.QueryAsync<TableEntity>((string?)null))
        {
            switch (row.RowKey.Split('|')[0])
            {
                case AccountRows.StateKey:
                    states.Add(row.PartitionKey, AccountRows.ToState(row));
                    entries.TryAdd(row.PartitionKey, []);
                    break;
                case "entry":
                    entries.TryAdd(row.PartitionKey, []);
                    entries[row.PartitionKey].Add(AccountRows.ToEntry(row));
                    break;
                case "hold":
                    holds.Add(AccountRows.ToHold(row));
                    break;
            }
        }

        return (states, entries, holds);
    }
}
