using System.Globalization;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Rules;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments.Giving;

/// <param name="Credits">More than zero, at most six decimals.</param>
public sealed record GiftInput(string? ToUserId, decimal? Credits);

/// <summary>Gives purchased credits to another account, when their owner asks.</summary>
public sealed class Gifts(Handover handover, Transfers transfers, AccountStore accounts, Agenda agenda, IIdSource ids, TimeProvider time)
{
    private const decimal CreditsLimit = 1_000_000m;

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
            return IsOf(claim, repeated) ? Handover.AnswerTo(repeated) : AnotherRequest();
        }

        // Each time, a repetition too: whoever comes to carry it out leaves word first.
        var item = await agenda.AddAsync(TaskKind.Transfer, from, id, dueAt: null, cancellationToken);
        var transfer = await transfers.BeginAsync(
            repeated ?? new Transfer(id, from, input.ToUserId!, Money.FromCredits(input.Credits!.Value), claim?.Fingerprint, time.GetUtcNow()), cancellationToken);
        return IsOf(claim, transfer) ? await GiveAsync(transfer, item, isKeyed: claim is not null, cancellationToken) : AnotherRequest();
    }

    private async Task<Answer<Transfer>> GiveAsync(Transfer transfer, AgendaItem item, bool isKeyed, CancellationToken cancellationToken)
    {
        var (progress, answer) = await handover.CarryOutAsync(transfer, isKeyed ? Taking.Again : Taking.First, cancellationToken);
        if (progress == Progress.Refused && !isKeyed)
        {
            await transfers.DeleteAsync(transfer, transfer.Tag, cancellationToken);
        }

        // With a key the word stays when it was refused: another request of that key may be about to give it.
        if (progress == Progress.Done || (progress == Progress.Refused && !isKeyed))
        {
            await agenda.DoneAsync(item, cancellationToken);
        }

        return answer;
    }

    // Of this account: whoever was deleted and comes back has none of the keys of before, and what those gave is on record in other accounts.
    private static string IdOf(Claim claim, AccountState sender) => Digest.Of("gift", claim.KeyHash, sender.CreatedAt.UtcTicks.ToString(CultureInfo.InvariantCulture))[..32];

    private static bool IsOf(Claim? claim, Transfer transfer) => claim is null || string.Equals(transfer.Fingerprint, claim.Fingerprint, StringComparison.Ordinal);

    private static Refusal AnotherRequest() => new(RefusalCodes.IdempotencyMismatch, "This key was used for another request. A new request needs a new key.");

    // What is refused at once leaves nothing behind. It is no promise: the account decides.
    private Refusal? Shortage(AccountState sender, GiftInput input) =>
        (Account.Decide(sender, new GiveAway("gift", Money.FromCredits(input.Credits!.Value), "gift"), time.GetUtcNow()).Outcome as Refused)?.Refusal;

    private async Task<Refusal?> ProblemAsync(string from, GiftInput input)
    {
        if (input.ToUserId is not { Length: > 0 } to || !TableKey.Fits(to) || SystemAccounts.Has(to) || GuestAccounts.Has(to))
        {
            return Refusal.Invalid("'toUserId' must name a user.");
        }

        if (input.Credits is not (> 0 and <= CreditsLimit) || decimal.Round(input.Credits.Value, 6) != input.Credits)
        {
            return Refusal.Invalid($"'amount' must be more than 0 credits and at most {CreditsLimit:0}, with at most six decimals.");
        }

        if (string.Equals(from, to, StringComparison.Ordinal))
        {
            return Refusal.Invalid("Nobody can give credits to themselves.");
        }

        return await accounts.ReadStoredAsync(to) is null ? Refusal.NotFound("There is no such user.") : null;
    }
}
