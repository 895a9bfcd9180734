using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>What the platform's rows say a month cost, and what the accounts' roll-ups add up to. Nano-USD.</summary>
public sealed record SpendDrift(string Month, long PlatformNanoUsd, long AccountsNanoUsd);

/// <summary>
/// Proves accounts from their rows alone. One query reads the rows of all accounts in the order of their keys, so an account is done when the next one's
/// first row comes. Memory holds a page of rows and what <see cref="AccountReplay"/> keeps of one account: neither grows with the number of accounts or of
/// their rows. Only an account in which something does not agree is read again with a tally of each of its operations, to name them.
/// </summary>
public sealed class Auditor(Tables tables, PlatformSpend spend, Unsettled unsettled, TimeProvider time)
{
    private const int Attempts = 3;

    // Idempotency keys carry whole answers, and say nothing about money.
    private static readonly string WithoutKeys = TableClient.CreateQueryFilter($"(RowKey lt {AccountRows.ClaimKey("")} or RowKey ge {AccountRows.ClaimKeysEnd})");

    /// <summary>One proof after the other, each as soon as it is known.</summary>
    /// <param name="accountId">One account, or null for all.</param>
    public async IAsyncEnumerable<AccountProof> ProveAsync(string? accountId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        if (accountId is not null)
        {
            yield return await ProveAsync(client, accountId, time, cancellationToken);
            yield break;
        }

        AccountReplay? replay = null;
        await foreach (var row in client.ReadLongAsync(WithoutKeys, time, cancellationToken))
        {
            if (replay is not null && !string.Equals(replay.Partition, row.PartitionKey, StringComparison.Ordinal))
            {
                if (replay.IsAccount)
                {
                    yield return await FinishAsync(client, replay, time, cancellationToken);
                }

                replay = null;
            }

            replay ??= new AccountReplay(row.PartitionKey, new OperationSums());
            replay.Add(row);
        }

        if (replay is { IsAccount: true })
        {
            yield return await FinishAsync(client, replay, time, cancellationToken);
        }
    }

    /// <summary>
    /// How far the platform's spend is from what accounts recorded, for the month that runs and, on its first day, the one before. Some drift is normal: spend is
    /// flushed every few seconds, and what a crash left out is made up for every hour.
    /// </summary>
    /// <param name="accounts">What all accounts recorded, by month, nano-USD.</param>
    public async Task<ImmutableArray<SpendDrift>> CompareSpendAsync(IReadOnlyDictionary<string, long> accounts, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        string[] months = now.Day == 1 ? [Periods.MonthOf(now.AddDays(-1)), Periods.MonthOf(now)] : [Periods.MonthOf(now)];
        var drifts = ImmutableArray.CreateBuilder<SpendDrift>();
        foreach (var month in months)
        {
            var platform = await spend.SumAllAsync(month, cancellationToken);
            drifts.Add(new SpendDrift(month, platform.CostNanoUsd, accounts.GetValueOrDefault(month)));
        }

        return drifts.ToImmutable();
    }

    /// <summary>How many endings wait because storage did not take them.</summary>
    public Task<int> CountUnsettledAsync(string? accountId, CancellationToken cancellationToken) => unsettled.CountAsync(accountId, cancellationToken);

    internal static async Task<AccountProof> ProveAsync(TableClient client, string accountId, TimeProvider time, CancellationToken cancellationToken)
    {
        var partition = AccountRows.Partition(accountId);
        var replay = await ReplayAsync(client, partition, new OperationSums(), time, cancellationToken);
        return await FinishAsync(client, replay, time, cancellationToken) with { AccountId = accountId };
    }

    // Pages of a busy account are read one after the other; what changed in between looks like a discrepancy, and is gone when read again.
    private static async Task<AccountProof> FinishAsync(TableClient client, AccountReplay replay, TimeProvider time, CancellationToken cancellationToken)
    {
        var proof = replay.Finish();
        for (var attempt = 1; attempt < Attempts && !proof.Problems.IsEmpty; attempt++)
        {
            proof = (await ReplayAsync(client, replay.Partition, new OperationTallies(), time, cancellationToken)).Finish();
        }

        return proof;
    }

    private static async Task<AccountReplay> ReplayAsync(
        TableClient client, string partition, IOperationBooks operations, TimeProvider time, CancellationToken cancellationToken)
    {
        var replay = new AccountReplay(partition, operations);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {partition}") + " and " + WithoutKeys;
        await foreach (var row in client.ReadLongAsync(filter, time, cancellationToken))
        {
            replay.Add(row);
        }

        return replay;
    }
}
