using Microsoft.Extensions.Options;
using ServerlessAi.Access.Sealing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Access.Visitors;

/// <summary>What a guest shows next time.</summary>
/// <param name="Value">The guest's id, sealed.</param>
public sealed record GuestPass(string Value, TimeSpan Lifetime);

/// <summary>
/// Visitors without credentials. Each is an account of its own under a random name that only its sealed pass proves. A pass that does not open is none:
/// whoever shows it is a new guest, and counted as one.
/// </summary>
public sealed class Guests(Seals seals, GuestCounts counts, IIdSource ids, IOptions<AccessOptions> options, TimeProvider time)
{
    private const string Purpose = "ServerlessAi.Guest.v1";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    public bool AreWelcome => options.Value.GuestsPerNetworkPerDay > 0;

    /// <returns>The guest, and a pass to give to it: a new one for a new guest, and for one whose own has passed half its time.</returns>
    public async ValueTask<Answer<Identified>> WelcomeAsync(Credentials credentials, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (credentials.GuestPass is { } pass && await seals.OpenAsync(Purpose, pass, cancellationToken) is { } known)
        {
            return new Identified(ToCaller(known.Text), known.ExpiresAt - now < Lifetime / 2 ? await PassOfAsync(known.Text, now, cancellationToken) : null);
        }

        if (credentials.IsCrossSite)
        {
            // It could not keep its pass: any page would use up the visitors of whoever looks at it.
            return new Refusal(RefusalCodes.Unauthenticated, "Guests are welcome on pages of this site. From elsewhere, send an API key or a user token.");
        }

        if (await counts.AdmitAsync(credentials.Address, cancellationToken) is { } full)
        {
            return full;
        }

        var guest = GuestAccounts.Prefix + ids.NewSecret(16);
        return new Identified(ToCaller(guest), await PassOfAsync(guest, now, cancellationToken));
    }

    private async ValueTask<GuestPass> PassOfAsync(string guest, DateTimeOffset now, CancellationToken cancellationToken) =>
        new(await seals.SealAsync(Purpose, guest, now + Lifetime, cancellationToken), Lifetime);

    private static Caller ToCaller(string guest) => new(guest, guest, Role.Guest);
}
