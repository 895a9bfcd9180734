using Azure;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments;

/// <summary>Credits on their way from one account to another: the table <c>transfers</c>, the sender's partition. Written before anything moves.</summary>
public sealed record Transfer(string Id, string From, string To, long Micro, string? Message, string? Fingerprint, DateTimeOffset At)
{
    public bool IsDone { get; init; }

    /// <summary>The receiver's account was deleted before it arrived: the sender has it back.</summary>
    public bool IsReturned { get; init; }
}

/// <param name="Credits">More than zero, at most six decimals.</param>
public sealed record GiftInput(string? ToUserId, decimal? Credits, string? Message);

/// <summary>
/// Gives purchased credits to another account. The sender's part decides: once it is carried out the receiver's follows, by whoever comes, because both are
/// operations of the same name in their accounts.
/// </summary>
public sealed class Gifts(Tables tables, AccountStore accounts, Agenda agenda, Outbox outbox, IIdSource ids, TimeProvider time)
{
    private const decimal CreditsLimit = 1_000_000m;
    private const int MessageLimit = 200;
    private const string Body = "Body";

    public async Task<Answer<Transfer>> GiveAsync(string from, GiftInput input, Claim? claim, CancellationToken cancellationToken)
    {
        var id = claim is null ? ids.NewOperationId() : Digest.Of("gift", claim.KeyHash)[..32];
        var repeated = claim is null ? null : await FindAsync(from, id, cancellationToken);
        if (repeated is null && await ProblemAsync(from, input) is { } problem)
        {
            return problem;
        }

        // Each time, a repetition too: whoever comes to carry it out leaves word first.
        var item = await agenda.AddAsync(TaskKind.Transfer, from, id, dueAt: null, cancellationToken);
        var transfer = repeated ?? await AddAsync(
            new Transfer(id, from, input.ToUserId!, Money.FromCredits(input.Credits!.Value), input.Message, claim?.Fingerprint, time.GetUtcNow()), cancellationToken);
        var gone = claim is not null && !string.Equals(transfer.Fingerprint, claim.Fingerprint, StringComparison.Ordinal)
            ? new Refusal(RefusalCodes.IdempotencyMismatch, "This key was used for another request. A new request needs a new key.")
            : await CarryOutAsync(transfer, isRepeated: repeated is not null, cancellationToken);
        if (gone.Succeeded || IsFinal(gone.Refusal))
        {
            await agenda.DoneAsync(item, cancellationToken);
        }

        return gone;
    }

    /// <summary>Finishes one that broke off.</summary>
    /// <returns>Whether nothing is left to do; null when there is no such transfer.</returns>
    internal async Task<bool?> FinishAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        if (await FindAsync(item.AccountId, item.Id, cancellationToken) is not { } transfer)
        {
            return null;
        }

        var gone = await CarryOutAsync(transfer, isRepeated: true, cancellationToken);
        return gone.Succeeded || IsFinal(gone.Refusal);
    }

    private async Task<Answer<Transfer>> CarryOutAsync(Transfer transfer, bool isRepeated, CancellationToken cancellationToken)
    {
        if (transfer.IsDone)
        {
            return transfer.IsReturned ? Returned() : transfer;
        }

        var operation = "gift-" + transfer.Id;
        if (await accounts.ExecuteAsync(transfer.From, new GiveAway(operation, transfer.Micro, "gift") { Since = transfer.At, MayHaveHappened = isRepeated }) is Refused refused)
        {
            return refused.Refusal;
        }

        var arrived = await accounts.ExecuteAsync(transfer.To, new Grant(operation, GrantKind.Gift, transfer.Micro, "gift") { Since = transfer.At }) as Refused;
        var isReturned = arrived is { Refusal.Code: RefusalCodes.AccountClosed };
        if (isReturned)
        {
            arrived = await accounts.ExecuteAsync(transfer.From, new Grant(operation + "-back", GrantKind.Purchase, transfer.Micro, "gift_returned") { Since = transfer.At, IsGiftBack = true }) as Refused;
        }

        // Where both are deleted, nobody is there to have them.
        if (arrived is { } notYet && !(isReturned && string.Equals(notYet.Refusal.Code, RefusalCodes.AccountClosed, StringComparison.Ordinal)))
        {
            // They have left the sender: whatever stands in the way, the timer tries until they have arrived.
            return Refusal.StorageUnavailable() with { Detail = $"The gift is on its way, and arrives when it can ({notYet.Refusal.Code})." };
        }

        if (!isReturned)
        {
            await outbox.EnlistAsync(transfer.To, operation, new GiftNews(transfer.Id, transfer.From, Money.ToCredits(transfer.Micro)), time.GetUtcNow(), cancellationToken);
        }

        var done = transfer with { IsDone = true, IsReturned = isReturned };
        await WriteAsync(done, cancellationToken);
        return isReturned ? Returned() : done;
    }

    private static Refusal Returned() => Refusal.NotFound("The user's account was deleted. You have the credits back.");

    private async Task<Refusal?> ProblemAsync(string from, GiftInput input)
    {
        if (input.ToUserId is not { Length: > 0 } to || !TableKey.Fits(to) || SystemAccounts.Has(to) || GuestAccounts.Has(to))
        {
            return Refusal.Invalid("'toUserId' must name a user.");
        }

        if (input.Credits is not (> 0 and <= CreditsLimit) || decimal.Round(input.Credits.Value, 6) != input.Credits || input.Message is { Length: > MessageLimit })
        {
            return Refusal.Invalid($"'amount' must be more than 0 credits and at most {CreditsLimit:0}, with at most six decimals; 'message' has at most {MessageLimit} characters.");
        }

        if (string.Equals(from, to, StringComparison.Ordinal))
        {
            return Refusal.Invalid("Nobody can give credits to themselves.");
        }

        return await accounts.ReadStoredAsync(to) is null ? Refusal.NotFound("There is no such user.") : null;
    }

    // What waiting cannot mend. Storage out of reach leaves open whether the sender's part was carried out.
    private static bool IsFinal(Refusal refusal) => refusal.Code is not (RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy or RefusalCodes.IdempotencyMismatch);

    /// <summary>Carries out whatever a sender has begun; what cannot be finished now stays for the timer.</summary>
    internal async Task FinishAllOfAsync(string from, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        await foreach (var row in client.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {TableKey.Escape(from)}"), cancellationToken: cancellationToken))
        {
            if (StoredJson.Read<Transfer>(row.GetString(Body)) is { IsDone: false } begun)
            {
                await CarryOutAsync(begun, isRepeated: true, cancellationToken);
            }
        }
    }

    private async Task<Transfer?> FindAsync(string from, string id, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(TableKey.Escape(from), TableKey.Escape(id), cancellationToken: cancellationToken);
        return row.HasValue ? StoredJson.Read<Transfer>(row.Value!.GetString(Body)) : null;
    }

    private async Task<Transfer> AddAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        try
        {
            await client.AddEntityAsync(ToRow(transfer), cancellationToken);
            return transfer;
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            return (await FindAsync(transfer.From, transfer.Id, cancellationToken))!;
        }
    }

    // Whoever writes writes what both accounts' operations have decided: there is nothing to lose.
    private async Task WriteAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Transfers);
        await client.UpsertEntityAsync(ToRow(transfer), TableUpdateMode.Replace, cancellationToken);
    }

    private static TableEntity ToRow(Transfer transfer) => new(TableKey.Escape(transfer.From), TableKey.Escape(transfer.Id)) { [Body] = StoredJson.Write(transfer) };
}
