using Azure;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Payments.Giving;

/// <summary>Finishes gifts that broke off after they had left their sender. One that had not is begun by nobody but its sender, who may have been told no.</summary>
public sealed class UnfinishedGifts(Handover handover, Transfers transfers, AccountStore accounts, Agenda agenda)
{
    /// <returns>Whether nothing is left to do; null when there is no such transfer, or only who repeats it could go on.</returns>
    internal async Task<bool?> FinishAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        if (await transfers.FindAsync(item.AccountId, item.Id, cancellationToken) is not { } transfer)
        {
            return null;
        }

        switch ((await handover.CarryOutAsync(transfer, Taking.Asked, cancellationToken)).Progress)
        {
            case Progress.Done:
                await ForgetWithSenderAsync(transfer, cancellationToken);
                return true;
            case Progress.OfNobody:
                return await transfers.FindAsync(item.AccountId, item.Id, cancellationToken) is null;
            case Progress.Refused:
                await ForgetUnlessRepeatedAsync(transfer, item, cancellationToken);
                return null;
            default:
                return false;
        }
    }

    /// <summary>Carries out whatever a closed account has begun, and forgets it. What cannot be finished now stays for the timer, which need not ask the sender any more.</summary>
    /// <exception cref="TimeoutException">The account cannot say now whether it has given something.</exception>
    internal async Task FinishAllOfAsync(string from, CancellationToken cancellationToken)
    {
        await foreach (var begun in transfers.ReadEachAsync(from, cancellationToken))
        {
            switch ((await handover.CarryOutAsync(begun, Taking.Again, cancellationToken)).Progress)
            {
                case Progress.Done:
                    await transfers.DeleteAsync(begun, ETag.All, cancellationToken);
                    break;
                case Progress.Open:
                    await NoteThatItLeftAsync(begun, cancellationToken);
                    break;
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

    private async Task ForgetWithSenderAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        if (await accounts.ReadStoredAsync(transfer.From) is not { ClosedAt: null } sender || sender.CreatedAt > transfer.At)
        {
            await transfers.DeleteAsync(transfer, ETag.All, cancellationToken);
        }
    }

    private async Task ForgetUnlessRepeatedAsync(Transfer transfer, AgendaItem item, CancellationToken cancellationToken)
    {
        if (item.HasInstant)
        {
            // Whoever comes renews the word that is due at once: back to that place, so that they meet there.
            await agenda.AddAsync(TaskKind.Transfer, item.AccountId, item.Id, dueAt: null, cancellationToken);
            await agenda.DoneAsync(item, cancellationToken);
            return;
        }

        // The word first: while it stood, somebody could be about to give it. Whoever comes from now on leaves another, and writes the transfer anew.
        if (await agenda.DropAsync(item, cancellationToken))
        {
            await transfers.DeleteAsync(transfer, transfer.Tag, cancellationToken);
        }
    }

    private async Task NoteThatItLeftAsync(Transfer transfer, CancellationToken cancellationToken)
    {
        // Without the note, who comes later would take a closed account for one that gave nothing.
        if (await handover.TakeAsync(transfer, Taking.Again) is not null || !await transfers.WriteAsync(transfer with { HasLeft = true }, transfer.Tag, cancellationToken))
        {
            throw new TimeoutException("A gift of the account could not be looked at now.");
        }
    }
}
