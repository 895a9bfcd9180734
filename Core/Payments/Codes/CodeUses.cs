using System.Collections.Concurrent;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Codes;

/// <summary>An account's use of a code.</summary>
/// <param name="For">What it was taken for: the same again is a repetition.</param>
/// <param name="IsDone">What the code promised has been given.</param>
internal sealed record CodeUse(string For, DateTimeOffset At, bool IsDone);

/// <summary>
/// Who has used which code. A code's partition of the table <c>orders</c> has a counter and a row for each account; both change in one transaction, so that
/// no code is used more often than it may be, whoever comes at the same moment.
/// </summary>
public sealed class CodeUses(Tables tables, TimeProvider time, IIdSource ids)
{
    /// <summary>The use is taken for the code's own credits.</summary>
    internal const string ToRedeem = "redeemed";

    internal const string SlotPrefix = "slot|";

    private const string CountKey = "count";
    private const string Used = "Used";
    private const string Use = "Use";
    private const string At = "At";
    private const string Done = "Done";
    private const int Attempts = 50;

    // Waiting in this instance is cheaper than meeting at the row's tag.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> gates = new(StringComparer.Ordinal);

    internal async Task<CodeUse?> FindAsync(string codeId, string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var slot = await client.GetEntityIfExistsAsync<TableEntity>(PartitionOf(codeId), SlotOf(codeId, accountId), cancellationToken: cancellationToken);
        return slot.HasValue ? new CodeUse(slot.Value!.GetString(Use), slot.Value.GetDateTimeOffset(At) ?? default, slot.Value.GetBoolean(Done) == true) : null;
    }

    /// <summary>Whether the code has been used as often as it may be, by others than this account.</summary>
    internal async Task<bool> AreUpAsync(PromoCode code, string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var count = await client.GetEntityIfExistsAsync<TableEntity>(PartitionOf(code.Id), CountKey, cancellationToken: cancellationToken);
        return count.HasValue && count.Value!.GetInt32(Used) >= code.MaxRedemptions && await FindAsync(code.Id, accountId, cancellationToken) is null;
    }

    /// <summary>All uses are taken.</summary>
    internal static Refusal IsUsedUp() => new(RefusalCodes.Conflict, "The code has been used as often as it may be.");

    /// <summary>What a use is taken for, when it is an order.</summary>
    internal static string ToOrder(string orderId) => "order-" + orderId;

    /// <summary>The account had its use, and may have no other.</summary>
    internal static Refusal HasUsed() => new(RefusalCodes.Conflict, "This account has used the code.");

    /// <summary>Takes one of the code's uses for an account; repeating it for the same purpose takes no other.</summary>
    /// <returns>Whether it was taken before.</returns>
    internal async Task<Answer<bool>> TakeAsync(PromoCode code, string accountId, string purpose, CancellationToken cancellationToken)
    {
        var gate = gates.GetOrAdd(code.Id, static _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (await TryTakeAsync(code, accountId, purpose, cancellationToken) is { } answer)
                {
                    return answer;
                }

                await PauseAsync(cancellationToken);
            }

            return Refusal.AccountBusy();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Notes that what the code promised has been given: the account has had it, even if it is deleted.</summary>
    /// <param name="use">If it was given back meanwhile, it counts again, above the code's limit too: the credits are there.</param>
    /// <exception cref="TimeoutException">Too many others use the code at the same moment.</exception>
    internal async Task DoneAsync(string codeId, string accountId, CodeUse use, CancellationToken cancellationToken)
    {
        var (client, partition) = (await tables.GetAsync(TableNames.Orders), PartitionOf(codeId));
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var known = await client.GetEntityIfExistsAsync<TableEntity>(partition, SlotOf(codeId, accountId), cancellationToken: cancellationToken);
            var slot = new TableEntity(partition, SlotOf(codeId, accountId)) { [Use] = use.For, [At] = use.At, [Done] = true };
            try
            {
                if (known.HasValue && string.Equals(known.Value!.GetString(Use), use.For, StringComparison.Ordinal))
                {
                    await client.UpdateEntityAsync(new TableEntity(partition, slot.RowKey) { [Done] = true }, known.Value.ETag, TableUpdateMode.Merge, cancellationToken);
                    return;
                }

                // Given back meanwhile, and perhaps taken again for something else, which then has none of its own to give back.
                var count = await client.GetEntityIfExistsAsync<TableEntity>(partition, CountKey, cancellationToken: cancellationToken);
                var more = new TableEntity(partition, CountKey) { [Used] = (count.HasValue ? count.Value!.GetInt32(Used) ?? 0 : 0) + 1 };
                await client.SubmitTransactionAsync([Write(slot, known), Write(more, count)], cancellationToken);
                return;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                await PauseAsync(cancellationToken);
            }
        }

        throw new TimeoutException("The code is used by too many at once.");
    }

    private static TableTransactionAction Write(TableEntity row, NullableResponse<TableEntity> known) =>
        known.HasValue ? new(TableTransactionActionType.UpdateReplace, row, known.Value!.ETag) : new(TableTransactionActionType.Add, row);

    /// <summary>Gives a use back, unless what the code promised has been given.</summary>
    /// <param name="takenBefore">One taken later, or taken again since, stays; null gives any back.</param>
    /// <exception cref="TimeoutException">Too many others use the code at the same moment.</exception>
    internal async Task GiveBackAsync(string codeId, string accountId, string purpose, CancellationToken cancellationToken, DateTimeOffset? takenBefore = null)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var slot = await client.GetEntityIfExistsAsync<TableEntity>(PartitionOf(codeId), SlotOf(codeId, accountId), cancellationToken: cancellationToken);
            var count = await client.GetEntityIfExistsAsync<TableEntity>(PartitionOf(codeId), CountKey, cancellationToken: cancellationToken);
            if (!slot.HasValue || !count.HasValue || !string.Equals(slot.Value!.GetString(Use), purpose, StringComparison.Ordinal)
                || slot.Value.GetDateTimeOffset(At) > takenBefore || slot.Value.GetBoolean(Done) == true)
            {
                return;
            }

            var fewer = new TableEntity(PartitionOf(codeId), CountKey) { [Used] = count.Value!.GetInt32(Used) - 1 };
            try
            {
                await client.SubmitTransactionAsync(
                    [new(TableTransactionActionType.Delete, slot.Value, slot.Value.ETag), new(TableTransactionActionType.UpdateReplace, fewer, count.Value.ETag)], cancellationToken);
                return;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                await PauseAsync(cancellationToken);
            }
        }

        throw new TimeoutException("The code is used by too many at once.");
    }

    /// <returns>Null when somebody else was first.</returns>
    private async Task<Answer<bool>?> TryTakeAsync(PromoCode code, string accountId, string purpose, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var (partition, slotKey) = (PartitionOf(code.Id), SlotOf(code.Id, accountId));
        var slot = await client.GetEntityIfExistsAsync<TableEntity>(partition, slotKey, cancellationToken: cancellationToken);
        if (slot.HasValue)
        {
            return !string.Equals(slot.Value!.GetString(Use), purpose, StringComparison.Ordinal) ? HasUsed()
                // When it was promised counts for those; what an order takes is taken for the order's sake, again and again.
                : string.Equals(purpose, ToRedeem, StringComparison.Ordinal) ? true
                : await RenewAsync(client, slot.Value, cancellationToken);
        }

        var count = await client.GetEntityIfExistsAsync<TableEntity>(partition, CountKey, cancellationToken: cancellationToken);
        var used = count.HasValue ? count.Value!.GetInt32(Used) ?? 0 : 0;
        if (used >= code.MaxRedemptions)
        {
            return IsUsedUp();
        }

        var next = new TableEntity(partition, CountKey) { [Used] = used + 1 };
        try
        {
            await client.SubmitTransactionAsync(
                [
                    new(TableTransactionActionType.Add, new TableEntity(partition, slotKey) { [Use] = purpose, [At] = time.GetUtcNow() }),
                    count.HasValue ? new(TableTransactionActionType.UpdateReplace, next, count.Value!.ETag) : new(TableTransactionActionType.Add, next),
                ],
                cancellationToken);
            return false;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            return null;
        }
    }

    // Taken anew: whoever is about to give it back as abandoned finds another tag.
    private async Task<Answer<bool>?> RenewAsync(TableClient client, TableEntity slot, CancellationToken cancellationToken)
    {
        slot[At] = time.GetUtcNow();
        try
        {
            await client.UpdateEntityAsync(slot, slot.ETag, TableUpdateMode.Replace, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
        {
            return null;
        }
    }

    private Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromMilliseconds(ids.NextJitter() * 20), time, cancellationToken);

    private static string PartitionOf(string codeId) => "|code|" + codeId;

    // By a digest of the name, which differs from code to code: who has used it may be forgotten, and still has used it.
    internal static string SlotOf(string codeId, string accountId) => SlotPrefix + Digest.Of("slot", codeId, accountId);
}
