using System.Globalization;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments.Codes;

/// <summary>Looks up what users type. Wrong codes are counted, and too many end the guessing for the day.</summary>
public sealed class TypedCodes(PromoCodes codes, Payers payers, TimeProvider time)
{
    /// <summary>Wrong codes an account may try on a day (UTC).</summary>
    public const int WrongCodesLimit = 10;

    /// <returns>A code that is on offer and has not expired.</returns>
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

    private static int WrongOn(Payer payer, string day) => string.Equals(payer.WrongCodesDay, day, StringComparison.Ordinal) ? payer.WrongCodes : 0;
}
