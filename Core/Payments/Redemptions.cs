using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments;

/// <param name="Credits">Credits that the code gave.</param>
public sealed record Redeemed(string Code, decimal Credits, bool IsRepeat);

/// <summary>
/// Who has used which code. A code's partition of the table <c>orders</c> has a counter and a row for each account; both change in one transaction, so that
/// no code is used more often than it may be, whoever comes at the same moment.
/// </summary>
public sealed class Redemptions(Tables tables, PromoCodes codes, Payers payers, AccountStore accounts, OrderStore orders, Agenda agenda, TimeProvider time, IIdSource ids)
{
    /// <summary>Wrong codes an account may try on a day (UTC).</summary>
    public const int WrongCodesLimit = 10;

    private const string CountKey = "count";
    private const string Used = "Used";
    private const string Use = "Use";
    private const string At = "At";
    private const string Redeeming = "redeemed";
    private const string Done = "Done";
    private const int Attempts = 50;

    // Longer than any request takes: who took a use writes the order within it, or not at all.
    private static readonly TimeSpan UseLife = TimeSpan.FromMinutes(15);

    // Waiting in this instance is cheaper than meeting at the row's tag.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> gates = new(StringComparer.Ordinal);

    /// <summary>Grants the credits of a code, once for each account. Repeating it finishes what broke off.</summary>
    public async Task<Answer<Redeemed>> RedeemAsync(string accountId, string typed, CancellationToken cancellationToken)
    {
        var found = await FindAsync(accountId, typed, cancellationToken);
        if (!found.Succeeded)
        {
            return found.Refusal;
        }

        var code = found.Value;
        if (code.Kind != CodeKind.Credits)
        {
            return Refusal.Invalid("This code is for a purchase: send it there as 'promoCode'.");
        }

        var item = await agenda.AddAsync(TaskKind.Code, accountId, code.Id, dueAt: null, cancellationToken);
        var taken = await TakeAsync(code, accountId, Redeeming, cancellationToken);
        if (!taken.Succeeded)
        {
            await agenda.DoneAsync(item, cancellationToken);
            return taken.Refusal;
        }

        var slot = taken.Value ? await FindSlotAsync(code.Id, accountId, cancellationToken) : null;
        var granted = await GrantAsync(accountId, code, slot, cancellationToken);
        if (granted.Succeeded || granted.Refusal.Code is RefusalCodes.AccountClosed or RefusalCodes.Conflict)
        {
            await agenda.DoneAsync(item, cancellationToken);
        }

        return granted;
    }

    /// <summary>Finishes a redemption that broke off.</summary>
    /// <returns>Whether nothing is left to do; null when nothing was promised.</returns>
    internal async Task<bool?> FinishAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        // The account's row decides: without it nothing was promised.
        if (await FindSlotAsync(item.Id, item.AccountId, cancellationToken) is not { } slot)
        {
            return null;
        }

        // What a code's use was taken for by an order is the order's.
        if (!string.Equals(slot.GetString(Use), Redeeming, StringComparison.Ordinal) || await codes.ReadAsync(item.Id, cancellationToken) is not { } code)
        {
            return true;
        }

        var granted = await GrantAsync(item.AccountId, code, slot, cancellationToken);
        return granted.Succeeded || granted.Refusal.Code is RefusalCodes.AccountClosed or RefusalCodes.Conflict;
    }

    /// <summary>A code that counts for a purchase. Wrong ones are counted, and too many end the guessing for the day.</summary>
    public async Task<Answer<PromoCode>> FindAsync(string accountId, string typed, CancellationToken cancellationToken)
    {
        var today = time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        // Counted before it is looked at: those who guess many at once must not all be let through.
        var counted = await payers.ChangeAsync(accountId, payer => WrongOn(payer, today) >= WrongCodesLimit ? null : payer with { WrongCodesDay = today, WrongCodes = WrongOn(payer, today) + 1 }, cancellationToken);
        if (counted is null)
        {
            return new Refusal(RefusalCodes.TooManyTries, "Too many wrong codes today. Try again tomorrow.", TimeSpan.FromHours(1)).With("limit", WrongCodesLimit);
        }

        if (await codes.FindUsableAsync(typed, cancellationToken) is not { } code)
        {
            return Refusal.NotFound("There is no such code, or it has expired.");
        }

        await payers.ChangeAsync(accountId, payer => WrongOn(payer, today) > 0 ? payer with { WrongCodes = payer.WrongCodes - 1 } : payer, cancellationToken);
        return code;
    }

    /// <summary>Takes one of the code's uses for an order that is about to be written; of one that never is, the timer gives it back.</summary>
    internal async Task<Answer<bool>> TakeForOrderAsync(PromoCode code, string accountId, string orderId, CancellationToken cancellationToken)
    {
        await agenda.AddAsync(TaskKind.CodeUse, accountId, $"{code.Id}:{orderId}", time.GetUtcNow() + UseLife, cancellationToken);
        return await TakeAsync(code, accountId, UseOf(orderId), cancellationToken);
    }

    /// <summary>Gives a use back whose order was never written.</summary>
    /// <returns>Always true: where there is an order, its own end decides, and a use that was taken anew has an item of its own.</returns>
    internal async Task<bool?> FinishUseAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        if (item.Id.Split(':', 2) is [var codeId, var orderId] && await orders.FindAsync(item.AccountId, orderId, cancellationToken) is null)
        {
            await GiveBackAsync(codeId, item.AccountId, UseOf(orderId), cancellationToken, takenBefore: time.GetUtcNow() - UseLife);
        }

        return true;
    }

    /// <summary>What a use was taken for, when it was an order.</summary>
    internal static string UseOf(string orderId) => "order-" + orderId;

    /// <summary>Takes one of the code's uses for an account.</summary>
    /// <param name="use">What for: the same again is a repetition.</param>
    /// <returns>Whether it was taken before.</returns>
    public async Task<Answer<bool>> TakeAsync(PromoCode code, string accountId, string use, CancellationToken cancellationToken)
    {
        var gate = gates.GetOrAdd(code.Id, static _ => new SemaphoreSlim(1, 1));
        await gate.WaitAsync(cancellationToken);
        try
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (await TryTakeAsync(code, accountId, use, cancellationToken) is { } answer)
                {
                    return answer;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(ids.NextJitter() * 20), time, cancellationToken);
            }

            return Refusal.AccountBusy();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Gives a use back, of an order that was not paid.</summary>
    /// <param name="takenBefore">One taken later, or taken again since, stays; null gives any back.</param>
    /// <exception cref="TimeoutException">Too many others use the code at the same moment.</exception>
    public async Task GiveBackAsync(string codeId, string accountId, string use, CancellationToken cancellationToken, DateTimeOffset? takenBefore = null)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var slot = await client.GetEntityIfExistsAsync<TableEntity>(PartitionOf(codeId), SlotOf(accountId), cancellationToken: cancellationToken);
            var count = await client.GetEntityIfExistsAsync<TableEntity>(PartitionOf(codeId), CountKey, cancellationToken: cancellationToken);
            if (!slot.HasValue || !count.HasValue || !string.Equals(slot.Value!.GetString(Use), use, StringComparison.Ordinal) || slot.Value.GetDateTimeOffset(At) > takenBefore)
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
                await Task.Delay(TimeSpan.FromMilliseconds(ids.NextJitter() * 20), time, cancellationToken);
            }
        }

        throw new TimeoutException("The code is used by too many at once.");
    }

    private async Task<TableEntity?> FindSlotAsync(string codeId, string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var slot = await client.GetEntityIfExistsAsync<TableEntity>(PartitionOf(codeId), SlotOf(accountId), cancellationToken: cancellationToken);
        return slot.HasValue ? slot.Value : null;
    }

    /// <returns>Null when somebody else was first.</returns>
    private async Task<Answer<bool>?> TryTakeAsync(PromoCode code, string accountId, string use, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var (partition, slotKey) = (PartitionOf(code.Id), SlotOf(accountId));
        var slot = await client.GetEntityIfExistsAsync<TableEntity>(partition, slotKey, cancellationToken: cancellationToken);
        if (slot.HasValue)
        {
            return !string.Equals(slot.Value!.GetString(Use), use, StringComparison.Ordinal) ? HasUsed()
                : string.Equals(use, Redeeming, StringComparison.Ordinal) ? true
                : await RenewAsync(client, slot.Value, cancellationToken);
        }

        var count = await client.GetEntityIfExistsAsync<TableEntity>(partition, CountKey, cancellationToken: cancellationToken);
        var used = count.HasValue ? count.Value!.GetInt32(Used) ?? 0 : 0;
        if (used >= code.MaxRedemptions)
        {
            return new Refusal(RefusalCodes.Conflict, "The code has been used as often as it may be.");
        }

        var next = new TableEntity(partition, CountKey) { [Used] = used + 1 };
        try
        {
            await client.SubmitTransactionAsync(
                [
                    new(TableTransactionActionType.Add, new TableEntity(partition, slotKey) { ["Account"] = accountId, [Use] = use, [At] = time.GetUtcNow() }),
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

    private static Refusal HasUsed() => new(RefusalCodes.Conflict, "This account has used the code.");

    /// <param name="slot">The use as it was found; null for one that was taken just now.</param>
    private async Task<Answer<Redeemed>> GrantAsync(string accountId, PromoCode code, TableEntity? slot, CancellationToken cancellationToken)
    {
        var isDone = slot?.GetBoolean(Done) == true;
        var takenAt = slot?.GetDateTimeOffset(At) ?? time.GetUtcNow();
        switch (await accounts.ExecuteAsync(accountId, new Grant("code-" + code.Id, GrantKind.Promotion, Money.FromCredits(code.Value), "code") { Since = takenAt }))
        {
            case Posted posted:
                if (!isDone)
                {
                    var client = await tables.GetAsync(TableNames.Orders);
                    await client.UpsertEntityAsync(new TableEntity(PartitionOf(code.Id), SlotOf(accountId)) { [Done] = true }, TableUpdateMode.Merge, cancellationToken);
                }

                return new Redeemed(code.Id, Money.ToCredits(posted.Record.AmountMicro), posted.IsRepeat);
            case Refused { Refusal.Code: RefusalCodes.IdempotencyMismatch }:
                // Its value was changed between the promise and the credits: those that were granted count.
                return new Redeemed(code.Id, code.Value, IsRepeat: true);
            case Refused { Refusal.Code: RefusalCodes.AccountClosed } when isDone:
                // Whoever was forgotten and comes back has had it.
                return HasUsed();
            case Refused refused:
                if (string.Equals(refused.Refusal.Code, RefusalCodes.AccountClosed, StringComparison.Ordinal))
                {
                    await GiveBackAsync(code.Id, accountId, Redeeming, cancellationToken);
                }

                return refused.Refusal;
            case var other:
                throw new InvalidOperationException($"A grant came to {other.GetType().Name}.");
        }
    }

    private static int WrongOn(Payer payer, string day) => string.Equals(payer.WrongCodesDay, day, StringComparison.Ordinal) ? payer.WrongCodes : 0;

    private static string PartitionOf(string codeId) => "|code|" + codeId;

    private static string SlotOf(string accountId) => "slot|" + TableKey.Escape(accountId);
}
