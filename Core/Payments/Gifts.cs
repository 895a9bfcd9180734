using System.Globalization;
using Azure;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Rules;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments;

/// <param name="Credits">More than zero, at most six decimals.</param>
public sealed record GiftInput(string? ToUserId, decimal? Credits, string? Message);

/// <summary>
/// Gives purchased credits to another account. The sender's part decides: once it is carried out the receiver's follows, by whoever comes, because both are
/// operations of the same name in their accounts.
/// </summary>
public sealed class Gifts(Transfers transfers, AccountStore accounts, Agenda agenda, Outbox outbox, IIdSource ids, TimeProvider time)
{
    /// <summary>How the name of the operation ends that gives back what nobody could receive.</summary>
    internal const string Back = "-back";

    private const decimal CreditsLimit = 1_000_000m;
    private const int MessageLimit = 200;

    public async Task<Answer<Transfer>> GiveAsync(string from, GiftInput input, Claim? claim, CancellationToken cancellationToken)
    {
        if (await accounts.ReadStoredAsync(from) is not { } sender)
        {
            // Whoever has nothing yet; and a key counts for the account that is there.
            return await ProblemAsync(from, input) ?? Funds.Insufficient(availableMicro: 0, Money.FromCredits(input.Credits!.Value));
        }

        var id = claim is null ? ids.NewOperationId() : IdOf(claim, sender);
        var repeated = claim is null ? null : await transfers.FindAsync(from, id, cancellationToken);
        if (repeated is null && (await ProblemAsync(from, input) ?? Shortage(sender, input)) is { } problem)
        {
            return problem;
        }

        if (repeated is { IsDone: true })
        {
            return IsOf(claim, repeated) ? await CarryOutAsync(repeated, Taking.Again, cancellationToken) : AnotherRequest();
        }

        // Each time, a repetition too: whoever comes to carry it out leaves word first.
        var item = await agenda.AddAsync(TaskKind.Transfer, from, id, dueAt: null, cancellationToken);
        var transfer = await transfers.BeginAsync(
            repeated ?? new Transfer(id, from, input.ToUserId!, Money.FromCredits(input.Credits!.Value), claim?.Fingerprint, time.GetUtcNow()), cancellationToken);
        if (!IsOf(claim, transfer))
        {
            return AnotherRequest();
        }

        var gone = await CarryOutAsync(transfer, claim is null ? Taking.First : Taking.Again, cancellationToken);
        if (IsDone(gone))
        {
            await agenda.DoneAsync(item, cancellationToken);
        }
        else if (claim is null && IsFinal(gone.Refusal!) && !IsOfNobody(gone.Refusal!))
        {
            await transfers.DeleteAsync(transfer, transfer.Tag, cancellationToken);
            await agenda.DoneAsync(item, cancellationToken);
        }

        // With a key the word stays when it was refused: another request of that key may be about to give it.
        return gone;
    }

    /// <summary>Finishes one that broke off after it had left its sender. One that had not is begun by nobody but its sender, who may have been told no.</summary>
    /// <returns>Whether nothing is left to do; null when there is no such transfer, or only who repeats it could go on.</returns>
    internal async Task<bool?> FinishAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        if (await transfers.FindAsync(item.AccountId, item.Id, cancellationToken) is not { } transfer)
        {
            return null;
        }

        var gone = await CarryOutAsync(transfer, Taking.Asked, cancellationToken);
        if (IsDone(gone) && (await accounts.ReadStoredAsync(transfer.From) is not { ClosedAt: null } sender || sender.CreatedAt > transfer.At))
        {
            await transfers.DeleteAsync(transfer, ETag.All, cancellationToken);
        }

        if (IsDone(gone))
        {
            return true;
        }

        if (IsOfNobody(gone.Refusal!))
        {
            return await transfers.FindAsync(item.AccountId, item.Id, cancellationToken) is null;
        }

        if (!IsFinal(gone.Refusal!))
        {
            return false;
        }

        if (item.HasInstant)
        {
            // Whoever comes renews the word that is due at once: back to that place, so that they meet there.
            await agenda.AddAsync(TaskKind.Transfer, item.AccountId, item.Id, dueAt: null, cancellationToken);
            await agenda.DoneAsync(item, cancellationToken);
            return null;
        }

        // The word first: while it stood, somebody could be about to give it. Whoever comes from now on leaves another, and writes the transfer anew.
        if (await agenda.DropAsync(item, cancellationToken))
        {
            await transfers.DeleteAsync(transfer, transfer.Tag, cancellationToken);
        }

        return null;
    }

    private async Task<Answer<Transfer>> CarryOutAsync(Transfer transfer, Taking taking, CancellationToken cancellationToken)
    {
        if (transfer.IsDone)
        {
            return transfer.IsReturned ? Returned() : transfer;
        }

        var operation = OperationOf(transfer);
        if (!transfer.HasLeft && await TakeAsync(transfer, taking) is { } refusal)
        {
            if (IsOfNobody(refusal))
            {
                // Nothing was given and nothing will be; unless somebody has noted meanwhile that it was.
                await transfers.DeleteAsync(transfer, transfer.Tag, cancellationToken);
            }

            return refusal;
        }

        var arrived = transfer.IsReturned ? null : await accounts.ExecuteAsync(transfer.To!, new Grant(operation, GrantKind.Gift, transfer.Micro, "gift") { Since = transfer.At }) as Refused;
        var isReturned = transfer.IsReturned || arrived is { Refusal.Code: RefusalCodes.AccountClosed };
        if (isReturned && !transfer.IsReturned && !await transfers.WriteAsync(transfer with { IsReturned = true }, transfer.Tag, cancellationToken))
        {
            // Nobody goes back on it: neither who knows of an earlier account that it had the gift, nor who meets a later one.
            return await transfers.FindAsync(transfer.From, transfer.Id, cancellationToken) is { IsDone: true } known ? (known.IsReturned ? Returned() : known) : OnItsWay(RefusalCodes.AccountBusy);
        }

        if (isReturned)
        {
            arrived = await accounts.ExecuteAsync(transfer.From, new Grant(operation + Back, GrantKind.Purchase, transfer.Micro, "gift_returned") { Since = transfer.At, IsGiftBack = true }) as Refused;
        }

        // Where both are deleted, nobody is there to have them.
        if (arrived is { } notYet && !(isReturned && string.Equals(notYet.Refusal.Code, RefusalCodes.AccountClosed, StringComparison.Ordinal)))
        {
            // They have left the sender: whatever stands in the way, the timer tries until they have arrived.
            return OnItsWay(notYet.Refusal.Code);
        }

        if (!isReturned)
        {
            await outbox.EnlistAsync(transfer.To!, operation, new GiftNews(transfer.Id, transfer.From, Money.ToCredits(transfer.Micro)), time.GetUtcNow(), cancellationToken);
        }

        var done = transfer with { To = null, IsDone = true, IsReturned = isReturned };
        await transfers.WriteAsync(done, ETag.All, cancellationToken);
        return isReturned ? Returned() : done;
    }

    private async Task<Refusal?> TakeAsync(Transfer transfer, Taking taking)
    {
        var command = new GiveAway(OperationOf(transfer), transfer.Micro, "gift") { Since = transfer.At, MayHaveHappened = taking != Taking.First, IsQuestion = taking == Taking.Asked };
        return (await accounts.ExecuteAsync(transfer.From, command) as Refused)?.Refusal;
    }

    private static string OperationOf(Transfer transfer) => "gift-" + transfer.Id;

    // Of this account: whoever was deleted and comes back has none of the keys of before, and what those gave is on record in other accounts.
    private static string IdOf(Claim claim, AccountState sender) => Digest.Of("gift", claim.KeyHash, sender.CreatedAt.UtcTicks.ToString(CultureInfo.InvariantCulture))[..32];

    private static bool IsOf(Claim? claim, Transfer transfer) => claim is null || string.Equals(transfer.Fingerprint, claim.Fingerprint, StringComparison.Ordinal);

    private static Refusal AnotherRequest() => new(RefusalCodes.IdempotencyMismatch, "This key was used for another request. A new request needs a new key.");

    // What is refused at once leaves nothing behind. It is no promise: the account decides.
    private Refusal? Shortage(AccountState sender, GiftInput input) =>
        (Account.Decide(sender, new GiveAway("gift", Money.FromCredits(input.Credits!.Value), "gift"), time.GetUtcNow()).Outcome as Refused)?.Refusal;

    private static Refusal OnItsWay(string code) => Refusal.StorageUnavailable() with { Detail = $"The gift is on its way, and arrives when it can ({code})." };

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

    // Every account that could be asked is closed, or another's by now.
    private static bool IsOfNobody(Refusal refusal) => string.Equals(refusal.Code, RefusalCodes.AccountClosed, StringComparison.Ordinal);

    private static bool IsDone(Answer<Transfer> gone) => gone.Succeeded || string.Equals(gone.Refusal.Code, RefusalCodes.NotFound, StringComparison.Ordinal);

    /// <summary>Carries out whatever a closed account has begun, and forgets it. What cannot be finished now stays for the timer, which need not ask the sender any more.</summary>
    /// <exception cref="TimeoutException">The account cannot say now whether it has given something.</exception>
    internal async Task FinishAllOfAsync(string from, CancellationToken cancellationToken)
    {
        await foreach (var begun in transfers.ReadEachAsync(from, cancellationToken))
        {
            var gone = begun.IsDone ? begun : await CarryOutAsync(begun, Taking.Again, cancellationToken);
            if (IsDone(gone))
            {
                await transfers.DeleteAsync(begun, ETag.All, cancellationToken);
            }
            else if (IsFinal(gone.Refusal!))
            {
                // Never given, and forgotten already.
            }
            else if (await TakeAsync(begun, Taking.Again) is not null || !await transfers.WriteAsync(begun with { HasLeft = true }, begun.Tag, cancellationToken))
            {
                // Without the note, who comes later would take a closed account for one that gave nothing.
                throw new TimeoutException("A gift of the account could not be looked at now.");
            }
        }
    }

    /// <summary>Finishes whatever is on its way to a closed account, while that can still say what has arrived.</summary>
    /// <exception cref="TimeoutException">It is not known of each.</exception>
    internal async Task FinishAllToAsync(string to, CancellationToken cancellationToken)
    {
        await foreach (var item in agenda.ReadEachAsync(TaskKind.Transfer, cancellationToken))
        {
            if (await transfers.FindAsync(item.AccountId, item.Id, cancellationToken) is { IsDone: false } transfer
                && string.Equals(transfer.To, to, StringComparison.Ordinal)
                && await FinishAsync(item, cancellationToken) is false)
            {
                throw new TimeoutException("A gift to the account could not be looked at now.");
            }
        }
    }

    /// <summary>How the sender's part comes about.</summary>
    private enum Taking
    {
        First,

        /// <summary>Somebody may have tried before, or be trying.</summary>
        Again,

        /// <summary>Not at all: it is only asked whether it has.</summary>
        Asked,
    }
}
