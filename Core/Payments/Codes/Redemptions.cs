using ServerlessAi.Accounts;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Codes;

/// <param name="Credits">Credits that the code gave.</param>
public sealed record Redeemed(string Code, decimal Credits, bool IsRepeat);

/// <summary>Codes that give credits by themselves, once for each account.</summary>
public sealed class Redemptions(TypedCodes typedCodes, PromoCodes codes, CodeUses uses, AccountStore accounts, Agenda agenda)
{
    private const int TakeAttempts = 5;

    /// <summary>Grants the credits of a code. Repeating it finishes what broke off.</summary>
    public async Task<Answer<Redeemed>> RedeemAsync(string accountId, string typed, CancellationToken cancellationToken)
    {
        var found = await typedCodes.FindAsync(accountId, typed, cancellationToken);
        if (!found.Succeeded)
        {
            return found.Refusal;
        }

        var code = found.Value;
        if (code.Kind != CodeKind.Credits)
        {
            return Refusal.Invalid("This code is for a purchase: send it there as 'promoCode'.");
        }

        if (await uses.AreUpAsync(code, accountId, cancellationToken))
        {
            return CodeUses.IsUsedUp();
        }

        var item = await agenda.AddAsync(TaskKind.Code, accountId, code.Id, dueAt: null, cancellationToken);
        var taken = await TakeAsync(accountId, code, cancellationToken);
        if (!taken.Succeeded)
        {
            // The word stays: the same request may be under way twice, and the other may find a use that was given back.
            return taken.Refusal;
        }

        var granted = await GrantAsync(accountId, code, taken.Value, cancellationToken);
        if (IsOver(granted))
        {
            await agenda.DoneAsync(item, cancellationToken);
        }

        return granted;
    }

    /// <summary>Finishes a redemption that broke off.</summary>
    /// <returns>Whether nothing is left to do; null when nothing was promised.</returns>
    internal async Task<bool?> FinishAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        // The account's use decides: without it nothing was promised.
        if (await uses.FindAsync(item.Id, item.AccountId, cancellationToken) is not { } use)
        {
            return null;
        }

        // What a code's use was taken for by an order is the order's.
        return !string.Equals(use.For, CodeUses.ToRedeem, StringComparison.Ordinal)
            || await codes.ReadAsync(item.Id, cancellationToken) is not { } code
            || IsOver(await GrantAsync(item.AccountId, code, use, cancellationToken));
    }

    /// <summary>Finishes whatever a closed account has begun to redeem, while it can still say what it has got.</summary>
    /// <exception cref="TimeoutException">It is not known of each.</exception>
    internal async Task FinishAllOfAsync(string accountId, CancellationToken cancellationToken)
    {
        await foreach (var item in agenda.ReadEachAsync(TaskKind.Code, cancellationToken))
        {
            if (string.Equals(item.AccountId, accountId, StringComparison.Ordinal) && await FinishAsync(item, cancellationToken) is false)
            {
                throw new TimeoutException("A code of the account could not be looked at now.");
            }
        }
    }

    /// <summary>Takes the use, and reads it: all who are at it at the same moment ask the account as of the moment that it was taken, and hear the same.</summary>
    private async Task<Answer<CodeUse>> TakeAsync(string accountId, PromoCode code, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < TakeAttempts; attempt++)
        {
            var taken = await uses.TakeAsync(code, accountId, CodeUses.ToRedeem, cancellationToken);
            if (!taken.Succeeded)
            {
                return taken.Refusal;
            }

            if (await uses.FindAsync(code.Id, accountId, cancellationToken) is { } use)
            {
                return use;
            }

            // Somebody else was told that the account is gone, and has given it back.
        }

        return Refusal.AccountBusy();
    }

    private static bool IsOver(Answer<Redeemed> granted) => granted.Succeeded || granted.Refusal.Code is RefusalCodes.AccountClosed or RefusalCodes.Conflict;

    private async Task<Answer<Redeemed>> GrantAsync(string accountId, PromoCode code, CodeUse use, CancellationToken cancellationToken)
    {
        var isDone = use.IsDone;
        var grant = new Grant("code-" + code.Id, GrantKind.Promotion, Money.FromCredits(code.Value), "code") { Since = use.At, IsQuestion = isDone };
        switch (await accounts.ExecuteAsync(accountId, grant))
        {
            case Posted posted:
                if (!isDone)
                {
                    await uses.DoneAsync(code.Id, accountId, use, cancellationToken);
                }

                return new Redeemed(code.Id, Money.ToCredits(posted.Record.AmountMicro), posted.IsRepeat);
            case Refused { Refusal.Code: RefusalCodes.IdempotencyMismatch }:
                // Its value was changed between the promise and the credits: those that were granted count.
                return new Redeemed(code.Id, code.Value, IsRepeat: true);
            case Refused { Refusal.Code: RefusalCodes.AccountClosed or RefusalCodes.PreconditionFailed } when isDone:
                // Whoever was forgotten and comes back has had it.
                return CodeUses.HasUsed();
            case Refused { Refusal: var refusal }:
                if (string.Equals(refusal.Code, RefusalCodes.AccountClosed, StringComparison.Ordinal))
                {
                    await uses.GiveBackAsync(code.Id, accountId, CodeUses.ToRedeem, cancellationToken, takenBefore: grant.Since);
                }

                return refusal;
            case var other:
                throw new InvalidOperationException($"A grant came to {other.GetType().Name}.");
        }
    }
}
