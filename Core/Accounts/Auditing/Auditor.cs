using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>Proves accounts, one after the other, from their rows alone.</summary>
public sealed class Auditor(Tables tables)
{
    private const int Attempts = 3;

    /// <param name="accountId">One account, or null for all.</param>
    public async IAsyncEnumerable<AccountProof> ProveAsync(string? accountId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        if (accountId is not null)
        {
            yield return await ProveAsync(client, accountId, cancellationToken);
            yield break;
        }

        var filter = $"RowKey eq '{AccountRows.StateKey}'";
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            yield return await ProveAsync(client, AccountRows.ToState(row).AccountId, cancellationToken);
        }
    }

    // Pages of a busy account are read one after the other; what changed in between looks like a discrepancy, and is gone when read again.
    private static async Task<AccountProof> ProveAsync(TableClient client, string accountId, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var proof = Prover.Prove(accountId, await AccountRowsRead.ReadAsync(client, accountId, cancellationToken));
            if (proof.Problems.IsEmpty || attempt == Attempts)
            {
                return proof;
            }
        }
    }
}
