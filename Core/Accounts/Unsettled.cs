using System.Runtime.CompilerServices;
using Azure.Data.Tables;
using Microsoft.Extensions.Logging;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Endings of holds that storage did not take when they were due: the table <c>unsettled</c>, one row per operation. It is another partition than the
/// account's, so it is often within reach when that is not, and it outlives this process. Whoever carries a command out deletes its row; ending a
/// hold is idempotent, so it does no harm that several may try.
/// </summary>
public sealed partial class Unsettled(Tables tables, AccountStore accounts, TimeProvider time, ILogger<Unsettled> logger)
{
    private const string Body = "Body";
    private const string Payload = "Payload";
    private const string KindOfSettle = "settle";
    private const string KindOfRelease = "release";

    /// <summary>Whether the outcome is the last word on an ending; otherwise it is worth trying again.</summary>
    public static bool IsFinal(Outcome outcome) => outcome is not Refused { Refusal.Code: RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy };

    /// <summary>Writes a command down, within <paramref name="patience"/>.</summary>
    /// <returns>Whether it is surely there.</returns>
    public async Task<bool> KeepAsync(string accountId, Command command, TimeSpan patience)
    {
        try
        {
            await WriteAsync(accountId, command).WaitAsync(patience, time);
            return true;
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            LogNotKept(logger, exception, command.OperationId);
            return false;
        }
    }

    /// <summary>Deletes the row of a command that was carried out. A row that stays is found, tried again to no effect, and deleted then.</summary>
    public async Task ForgetAsync(string accountId, string operationId, CancellationToken cancellationToken)
    {
        try
        {
            var client = await tables.GetAsync(TableNames.Unsettled);
            await client.DeleteEntityAsync(AccountRows.Partition(accountId), TableKey.Escape(operationId), cancellationToken: cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            LogNotForgotten(logger, exception, operationId);
        }
    }

    /// <summary>Carries out what is left of one operation.</summary>
    /// <returns>Null when nothing is left; else whether it is done now.</returns>
    public async Task<bool?> FinishAsync(string accountId, string operationId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Unsettled);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(AccountRows.Partition(accountId), TableKey.Escape(operationId), cancellationToken: cancellationToken);
        return row.HasValue ? await FinishAsync(row.Value!, cancellationToken) : null;
    }

    /// <summary>Carries out all that is left, of any instance. A command whose hold does not exist is dropped: it has nothing to end.</summary>
    /// <returns>How many were done.</returns>
    public async Task<int> FinishAllAsync(CancellationToken cancellationToken)
    {
        var done = 0;
        await foreach (var row in ReadAsync(cancellationToken))
        {
            try
            {
                done += await FinishAsync(row, cancellationToken) ? 1 : 0;
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
            {
                // One row that cannot be read, or one account out of reach, must not keep the others waiting.
                LogNotFinished(logger, exception, row.RowKey);
            }
        }

        return done;
    }

    /// <summary>Carries out all that is left of one account.</summary>
    /// <returns>Whether nothing is left.</returns>
    public async Task<bool> FinishOfAsync(string accountId, CancellationToken cancellationToken)
    {
        var isDone = true;
        var client = await tables.GetAsync(TableNames.Unsettled);
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            isDone &= await FinishAsync(row, cancellationToken);
        }

        return isDone;
    }

    /// <summary>How many wait, of one account or of all.</summary>
    public async Task<int> CountAsync(string? accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Unsettled);
        var filter = accountId is null ? null : TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)}");
        return await client.QueryAsync<TableEntity>(filter, select: ["RowKey"], cancellationToken: cancellationToken).CountAsync(cancellationToken);
    }

    private async IAsyncEnumerable<TableEntity> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Unsettled);
        await foreach (var row in client.QueryAsync<TableEntity>(cancellationToken: cancellationToken))
        {
            yield return row;
        }
    }

    private async Task WriteAsync(string accountId, Command command)
    {
        var client = await tables.GetAsync(TableNames.Unsettled);
        await client.UpsertEntityAsync(ToRow(accountId, command), TableUpdateMode.Replace);
    }

    private async Task<bool> FinishAsync(TableEntity row, CancellationToken cancellationToken)
    {
        var (accountId, command) = (row.GetString("Account"), ToCommand(row));
        var outcome = await accounts.ExecuteAsync(accountId, command);
        if (!IsFinal(outcome))
        {
            return false;
        }

        if (outcome is not Ended)
        {
            LogDropped(logger, command.OperationId, outcome.ToString());
        }

        await ForgetAsync(accountId, command.OperationId, cancellationToken);
        return true;
    }

    private static TableEntity ToRow(string accountId, Command command)
    {
        var (kind, json, payload) = command switch
        {
            Settle settle => (KindOfSettle, StoredJson.Write(settle with { Payload = null }), settle.Payload),
            Release release => (KindOfRelease, StoredJson.Write(release), null),
            _ => throw new NotSupportedException($"{command.GetType().Name} ends no hold."),
        };
        var row = new TableEntity(AccountRows.Partition(accountId), TableKey.Escape(command.OperationId)) { ["Account"] = accountId, ["Kind"] = kind };
        LongText.Write(row, Body, json);
        // Without its payload the command still charges, which matters more than the idempotency key: that counts as never answered then.
        if (payload?.Length <= LongText.LengthLimit - json.Length)
        {
            LongText.Write(row, Payload, payload);
        }

        return row;
    }

    internal static Command ToCommand(TableEntity row)
    {
        var json = LongText.Read(row, Body);
        return row.GetString("Kind") switch
        {
            KindOfSettle => StoredJson.Read<Settle>(json) with { Payload = row.ContainsKey(Payload) ? LongText.Read(row, Payload) : null },
            KindOfRelease => StoredJson.Read<Release>(json),
            var other => throw new InvalidDataException($"A row of the table '{TableNames.Unsettled}' has the kind '{other}'."),
        };
    }

    [LoggerMessage(LogLevel.Warning, "What ends operation {OperationId} could not be written down.")]
    private static partial void LogNotKept(ILogger logger, Exception exception, string operationId);

    [LoggerMessage(LogLevel.Warning, "The row of operation {OperationId}, which has ended, could not be deleted.")]
    private static partial void LogNotForgotten(ILogger logger, Exception exception, string operationId);

    [LoggerMessage(LogLevel.Error, "Operation {OperationId} could not be ended; it is tried again.")]
    private static partial void LogNotFinished(ILogger logger, Exception exception, string operationId);

    [LoggerMessage(LogLevel.Warning, "Operation {OperationId} has nothing to end: {Outcome}.")]
    private static partial void LogDropped(ILogger logger, string operationId, string? outcome);
}
