using Azure;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Giving;

/// <summary>How the sender's part comes about.</summary>
internal enum Taking
{
    First,

    /// <summary>Somebody may have tried before, or be trying.</summary>
    Again,

    /// <summary>Not at all: it is only asked whether it has.</summary>
    Asked,
}

/// <summary>How far a gift has come.</summary>
internal enum Progress
{
    /// <summary>Received or returned, and noted.</summary>
    Done,

    /// <summary>It has left its sender, or nobody could say.</summary>
    Open,

    /// <summary>It has not left its sender. Whoever begins it again may fare better.</summary>
    Refused,

    /// <summary>It has not left its sender and never will: their account is closed, or another's by now.</summary>
    OfNobody,
}

internal readonly record struct Handed(Progress Progress, Answer<Transfer> Answer);

/// <summary>
/// Carries out a gift. The sender's part decides: once it is carried out the receiver's follows, by whoever comes, because both are operations of the same
/// name in their accounts.
/// </summary>
public sealed class Handover(Transfers transfers, AccountStore accounts, Outbox outbox, TimeProvider time)
{
    /// <summary>How the name of the operation ends that gives back what nobody could receive.</summary>
    internal const string Back = "-back";

    internal async Task<Handed> CarryOutAsync(Transfer transfer, Taking taking, CancellationToken cancellationToken)
    {
        if (transfer.IsDone)
        {
            return Done(transfer);
        }

        if (transfer.HasLeft || await TakeAsync(transfer, taking) is not { } refusal)
        {
            return await BringAsync(transfer, cancellationToken);
        }

        switch (refusal.Code)
        {
            case RefusalCodes.AccountClosed:
                // Nothing was given and nothing will be; unless somebody has noted meanwhile that it was.
                await transfers.DeleteAsync(transfer, transfer.Tag, cancellationToken);
                return new(Progress.OfNobody, refusal);
            case RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy or RefusalCodes.IdempotencyMismatch:
                // It is open whether the sender's part was carried out.
                return new(Progress.Open, refusal);
            default:
                return new(Progress.Refused, refusal);
        }
    }

    /// <summary>The sender's part.</summary>
    internal async Task<Refusal?> TakeAsync(Transfer transfer, Taking taking)
    {
        var command = new GiveAway(OperationOf(transfer), transfer.Micro, "gift") { Since = transfer.At, MayHaveHappened = taking != Taking.First, IsQuestion = taking == Taking.Asked };
        return (await accounts.ExecuteAsync(transfer.From, command) as Refused)?.Refusal;
    }

    /// <summary>What whoever repeats a gift that is done is told.</summary>
    internal static Answer<Transfer> AnswerTo(Transfer done) =>
        done.IsReturned ? Refusal.NotFound("The user's account was deleted. You have the credits back.") : done;

    /// <summary>The receiver's part.</summary>
    private async Task<Handed> BringAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        if (transfer.IsReturned)
        {
            return await BringBackAsync(transfer, cancellationToken);
        }

        var operation = OperationOf(transfer);
        if (await accounts.ExecuteAsync(transfer.To!, new Grant(operation, GrantKind.Gift, transfer.Micro, "gift") { Since = transfer.At }) is Refused { Refusal: var refusal })
        {
            return string.Equals(refusal.Code, RefusalCodes.AccountClosed, StringComparison.Ordinal) ? await TurnBackAsync(transfer, cancellationToken) : OnItsWay(refusal.Code);
        }

        await outbox.EnlistAsync(transfer.To!, operation, new GiftNews(transfer.Id, transfer.From, Money.ToCredits(transfer.Micro)), time.GetUtcNow(), cancellationToken);
        return await NoteAsync(transfer, cancellationToken);
    }

    // Nobody goes back on it: neither who knows of an earlier account that it had the gift, nor who meets a later one.
    private async Task<Handed> TurnBackAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        var returned = transfer with { IsReturned = true };
        if (await transfers.WriteAsync(returned, transfer.Tag, cancellationToken))
        {
            return await BringBackAsync(returned, cancellationToken);
        }

        return await transfers.FindAsync(transfer.From, transfer.Id, cancellationToken) is { IsDone: true } known ? Done(known) : OnItsWay(RefusalCodes.AccountBusy);
    }

    private async Task<Handed> BringBackAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        var back = new Grant(OperationOf(transfer) + Back, GrantKind.Purchase, transfer.Micro, "gift_returned") { Since = transfer.At, IsGiftBack = true };
        return await accounts.ExecuteAsync(transfer.From, back) is Refused { Refusal.Code: not RefusalCodes.AccountClosed and var code }
            ? OnItsWay(code)
            // Where both are deleted, nobody is there to have them.
            : await NoteAsync(transfer, cancellationToken);
    }

    private async Task<Handed> NoteAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        var done = transfer with { To = null, IsDone = true };
        await transfers.WriteAsync(done, ETag.All, cancellationToken);
        return Done(done);
    }

    private static Handed Done(Transfer transfer) => new(Progress.Done, AnswerTo(transfer));

    // They have left the sender: whatever stands in the way, the timer tries until they have arrived.
    private static Handed OnItsWay(string code) => new(Progress.Open, Refusal.StorageUnavailable() with { Detail = $"The gift is on its way, and arrives when it can ({code})." });

    private static string OperationOf(Transfer transfer) => "gift-" + transfer.Id;
}
