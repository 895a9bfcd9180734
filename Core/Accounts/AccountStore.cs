using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>
/// Executes commands on accounts. Each account has a lane in this instance, in which waiting commands are folded into one transaction;
/// between instances the account row's tag decides who is first.
/// </summary>
public sealed class AccountStore
{
    /// <summary>Lanes kept in memory, each with its account's last state.</summary>
    private const int LanesLimit = 10_000;

    private readonly ConcurrentDictionary<string, AccountLane> lanes = new(StringComparer.Ordinal);
    private readonly LaneContext context;

    public AccountStore(
        Storage.Tables tables, ActiveIndex active, Members members, Outbox outbox, PlatformSpend spend, Reports.PlatformUse use, TimeProvider time, IIdSource ids, IOptions<AccountOptions> options, ILogger<AccountStore> logger) =>
        context = new LaneContext(new AccountTable(tables), active, members, outbox, spend, use, time, ids, options.Value, logger);

    /// <summary>Carries out one command, after those that wait for the same account.</summary>
    /// <returns>
    /// What it came to. <see cref="Refused"/> with <c>storage_unavailable</c> leaves open whether a write arrived; executing the same
    /// operation again finds out, and an unused hold expires by itself.
    /// </returns>
    public Task<Outcome> ExecuteAsync(string accountId, Command command)
    {
        if (lanes.Count > LanesLimit)
        {
            DropIdleLanes();
        }

        return lanes.GetOrAdd(accountId, static (id, context) => new AccountLane(id, context), context).ExecuteAsync(command);
    }

    /// <summary>The account as it would be after rolling periods and reclaiming what expired; a new account shows its sign-up grant. Writes nothing.</summary>
    /// <exception cref="Exception">What <see cref="Storage.StorageFaults.IsUnavailable"/> knows, when storage does not answer.</exception>
    public Task<AccountState> ReadAsync(string accountId) => ReadAsync(accountId, context.Time.GetUtcNow());

    /// <inheritdoc cref="ReadAsync(string)"/>
    /// <param name="now">The instant that whoever shows the account goes by: what begins at a later one, such as a welcome just now, would not count yet.</param>
    public async Task<AccountState> ReadAsync(string accountId, DateTimeOffset now)
    {
        var snapshot = await context.Table.ReadAsync(accountId);
        var state = snapshot?.State ?? AccountCommitter.Opened(accountId, context.Options, now, await context.Members.FindForgottenAsync(accountId)).State;
        return Account.Decide(state, new Sweep(), now).State;
    }

    /// <summary>The account as stored, nothing rolled or reclaimed; null when it does not exist.</summary>
    public async Task<AccountState?> ReadStoredAsync(string accountId) => (await context.Table.ReadAsync(accountId))?.State;

    /// <summary>The row of a hold, open or ended; null when the account has no such operation.</summary>
    public Task<HoldRecord?> ReadHoldAsync(string accountId, string operationId) => context.Table.ReadHoldAsync(accountId, operationId);

    /// <summary>
    /// Whether a hold is still open. When storage does not say, by the clock; but not where a key is concerned: by another's clock the hold may have lapsed,
    /// and whoever repeated the key have its result.
    /// </summary>
    public async Task<bool> IsHeldAsync(string accountId, Hold hold)
    {
        try
        {
            return await ReadStoredAsync(accountId) is { } state && state.Holds.Any(open => string.Equals(open.OperationId, hold.OperationId, StringComparison.Ordinal));
        }
        catch (Exception exception) when (Storage.StorageFaults.IsAny(exception))
        {
            return hold.Claim is null && context.Time.GetUtcNow() < hold.ExpiresAt;
        }
    }

    /// <summary>A month of one account in detail; null when nothing happened in it.</summary>
    internal Task<Reports.MonthReport?> ReadReportAsync(string accountId, string month) => context.Table.ReadReportAsync(accountId, month);

    /// <summary>What a month's roll-up of one account says; nothing when it has none.</summary>
    internal Task<SpendSum> ReadSpendAsync(string accountId, string month, CancellationToken cancellationToken) =>
        context.Table.ReadSpendAsync(accountId, month, cancellationToken);

    // A lane dropped while it works stays correct: its successor meets it at the row's tag.
    private void DropIdleLanes()
    {
        foreach (var (id, lane) in lanes.Where(pair => pair.Value.IsIdle).Take(LanesLimit / 10))
        {
            lanes.TryRemove(new KeyValuePair<string, AccountLane>(id, lane));
        }
    }
}

/// <summary>What all lanes share.</summary>
internal sealed record LaneContext(
    AccountTable Table, ActiveIndex Active, Members Members, Outbox Outbox, PlatformSpend Spend, Reports.PlatformUse Use, TimeProvider Time, IIdSource Ids, AccountOptions Options, ILogger Logger);
