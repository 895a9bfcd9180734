using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>The right to run a batch, until its lease ends or somebody answers its key.</summary>
/// <param name="Record">The key's row; its operation is the batch, whose id stays when somebody else carries on.</param>
/// <param name="RunId">Who runs it.</param>
/// <param name="Tag">The row's, as the run wrote it.</param>
public sealed record BatchTurn(string AccountId, ClaimRecord Record, string RunId, ETag Tag)
{
    public string BatchId => Record.OperationId;
}

/// <summary>What became of asking for a batch's key.</summary>
/// <param name="Turn">Null: it was answered, or somebody else is at it, or it came with another body.</param>
/// <param name="Body">The answer; null when there is none, or when it is gone.</param>
public sealed record BatchClaim(ClaimRecord Record, BatchTurn? Turn, string? Body);

/// <summary>
/// Idempotency keys of batches. A batch holds no credits, so no transaction of the account is needed: one row, written under its own tag, says who
/// runs it. That keeps two runs from doing the same work; what keeps them from being charged twice is the keys of the items, which are claimed like
/// those of any request. The row is of the kind <c>idem|</c>, and expires and is deleted as others are.
/// </summary>
public sealed class BatchClaims(Tables tables, ClaimBodies bodies, ActiveIndex active, IIdSource ids, TimeProvider time)
{
    private const string Run = "RunId";
    private const string LeaseEnds = "LeaseEndsAt";
    private const string Answered = "batch";
    private const int Attempts = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Takes the turn, if nobody has it.</summary>
    /// <param name="lease">How long it is kept from others when this run ends without a word.</param>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsUnavailable"/> knows. The turn may be taken all the same, and then ends with its lease.</exception>
    public async Task<BatchClaim> BeginAsync(string accountId, Claim claim, TimeSpan lease, CancellationToken cancellationToken)
    {
        var runId = ids.NewOperationId();
        var (partition, key) = (AccountRows.Partition(accountId), AccountRows.ClaimKey(claim.KeyHash));
        var client = await tables.GetAsync(TableNames.Accounts);
        // First, so that whoever tidies up finds the account.
        await active.TouchAsync(accountId, time.GetUtcNow());
        for (var attempt = 1; ; attempt++)
        {
            var found = await client.GetEntityIfExistsAsync<TableEntity>(partition, key, cancellationToken: cancellationToken);
            var (row, now) = (found.HasValue ? found.Value : null, time.GetUtcNow());
            var known = row is not null && AccountRows.ToClaim(row) is var record && record.ExpiresAt > now ? record : null;
            if (known is not null && IsOf(row!, runId))
            {
                // Our own, written by an attempt whose reply was lost.
                return new BatchClaim(known, new BatchTurn(accountId, known, runId, row!.ETag), Body: null);
            }

            var isTaken = known is not null && (known.IsAnswered || !IsSame(known.Claim, claim) || row!.GetDateTimeOffset(LeaseEnds) > now);
            if (isTaken || attempt > Attempts)
            {
                var body = known is { IsAnswered: true } ? await bodies.ReadAsync(row!, cancellationToken) : null;
                return new BatchClaim(known ?? new ClaimRecord(claim, runId, now + ClaimRecord.Life, Payload: null), Turn: null, body);
            }

            var own = known ?? new ClaimRecord(claim, ids.NewOperationId(), now + ClaimRecord.Life, Payload: null);
            try
            {
                var tag = await WriteAsync(client, ToRow(partition, own, runId, now + lease), row?.ETag);
                return new BatchClaim(own, new BatchTurn(accountId, own, runId, tag), Body: null);
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // Somebody else was first, or we were: the row says.
            }
            catch (Exception exception) when (attempt < Attempts && StorageFaults.IsUnavailable(exception))
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    /// <summary>Answers the key, and ends the turn.</summary>
    /// <returns>The body that answers it from now on: this one, or that of a run that took the turn over; null while that one is still at it.</returns>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsAny"/> knows, when it cannot be kept.</exception>
    public async Task<string?> FinishAsync(BatchTurn turn, string body, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var row = ToRow(AccountRows.Partition(turn.AccountId), turn.Record with { Payload = Answered, AnsweredAt = now }, turn.RunId, now);
        await bodies.AddAsync(row, body, cancellationToken);
        var client = await tables.GetAsync(TableNames.Accounts);
        try
        {
            await WriteAsync(client, row, turn.Tag);
            return body;
        }
        catch (RequestFailedException exception) when (exception.Status is 412 or 404)
        {
            var found = await client.GetEntityIfExistsAsync<TableEntity>(row.PartitionKey, row.RowKey, cancellationToken: cancellationToken);
            if (!found.HasValue || AccountRows.ToClaim(found.Value!) is var owner && !string.Equals(owner.OperationId, turn.BatchId, StringComparison.Ordinal))
            {
                // The key's life is over, and nobody is given this again.
                return body;
            }

            // Answered by an attempt of ours whose reply was lost, or by who took the turn over when the lease had ended.
            return owner.IsAnswered ? await bodies.ReadAsync(found.Value!, cancellationToken) ?? body : null;
        }
    }

    /// <summary>Ends the turn without an answer: who repeats the batch carries on at once.</summary>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsAny"/> knows; the turn then ends with its lease.</exception>
    public async Task ReleaseAsync(BatchTurn turn, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        await WriteAsync(client, ToRow(AccountRows.Partition(turn.AccountId), turn.Record, runId: "", time.GetUtcNow()), turn.Tag);
    }

    /// <summary>The key of one item. It belongs to this batch alone, so the key of the whole can be used for another when it has expired.</summary>
    public static Claim OfItem(Claim whole, string batchId, int index) =>
        new(Digest.Of(batchId, index.ToString(System.Globalization.CultureInfo.InvariantCulture)), whole.Fingerprint);

    private static async Task<ETag> WriteAsync(TableClient client, TableEntity row, ETag? expected)
    {
        var response = expected is { } tag ? await client.UpdateEntityAsync(row, tag, TableUpdateMode.Replace) : await client.AddEntityAsync(row);
        return response.Headers.ETag ?? throw new InvalidDataException("Storage gave no tag for a row that it wrote.");
    }

    private static TableEntity ToRow(string partition, ClaimRecord record, string runId, DateTimeOffset leaseEndsAt)
    {
        var row = AccountRows.ToEntity(partition, record);
        row[Run] = runId;
        row[LeaseEnds] = leaseEndsAt;
        return row;
    }

    private static bool IsOf(TableEntity row, string runId) => string.Equals(row.GetString(Run), runId, StringComparison.Ordinal);

    private static bool IsSame(Claim one, Claim other) => string.Equals(one.Fingerprint, other.Fingerprint, StringComparison.Ordinal);
}
