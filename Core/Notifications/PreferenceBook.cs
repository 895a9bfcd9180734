using System.Text;
using Microsoft.Extensions.Options;
using ServerlessAi.Access.Sealing;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Notifications;

/// <summary>What somebody wants to be told from now on; what is left out is given up.</summary>
/// <param name="NewSecret">Makes a new secret although the URL stays.</param>
public sealed record WantedPreferences(string? Email, string? WebhookUrl, bool NewSecret, IReadOnlyDictionary<string, IReadOnlyList<string>>? Kinds);

/// <param name="NewSecret">The webhook's secret when it was made just now; it is not shown again.</param>
public sealed record ChangedPreferences(Preferences Preferences, string? NewSecret);

/// <summary>
/// Changes what owners are told, and where. An address gets nothing but codes until somebody gives one back: nobody is written to because a stranger
/// typed their address. Codes are few, to an account and to an address.
/// </summary>
public sealed class PreferenceBook(PreferenceRows rows, Outbox outbox, CodeAllowance allowance, LastingSeals seals, IIdSource ids, TimeProvider time, IOptions<NotificationOptions> options)
{
    /// <summary>Codes that an account may have sent in a day.</summary>
    public const int CodesPerDay = 5;

    private const int CodeBytes = 10;
    private const int SecretBytes = 32;

    /// <summary>How long a code counts.</summary>
    public static readonly TimeSpan CodeLife = TimeSpan.FromHours(24);

    /// <summary>Setting the same address again sends another code after this.</summary>
    public static readonly TimeSpan CodePause = TimeSpan.FromMinutes(10);

    public Task<Preferences> ReadAsync(string accountId, CancellationToken cancellationToken) => rows.ReadAsync(accountId, cancellationToken);

    /// <summary>Sets the preferences. A new address gets a code, and counts once that came back.</summary>
    /// <param name="isTrusted">An admin vouches for the address; no code is needed.</param>
    public async Task<Answer<ChangedPreferences>> SetAsync(string accountId, WantedPreferences wanted, bool isTrusted, CancellationToken cancellationToken)
    {
        if (Problem(wanted) is { } problem)
        {
            return problem;
        }

        var secret = WebhookSignature.SecretOf(ids.NewSecret(SecretBytes));
        var seal = wanted.WebhookUrl is null ? "" : await seals.SealAsync(PurposeOf(accountId), secret, cancellationToken);
        var change = new Change(wanted, isTrusted, ids.NewSecret(CodeBytes), seal, time.GetUtcNow());
        // Before anything is changed: no address waits for a code that is never sent.
        if (change.SendsCode(await rows.ReadAsync(accountId, cancellationToken)) && await allowance.TakeAsync(wanted.Email!, change.Now, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        var sends = false;
        var changed = await rows.ChangeAsync(
            accountId,
            before =>
            {
                sends = change.SendsCode(before);
                return change.Apply(before);
            },
            cancellationToken);
        if (changed.Succeeded && sends)
        {
            await outbox.SendAsync(
                accountId, NotificationKinds.ConfirmAddress, NotificationChannels.Email, ids.NewOperationId(), CodeBody.Of(change.Code), change.Now, cancellationToken);
        }

        return changed.Then<ChangedPreferences>(after =>
            new ChangedPreferences(after, string.Equals(after.WebhookSecret, change.Secret, StringComparison.Ordinal) ? secret : null));
    }

    /// <summary>Confirms the address that the code was sent to.</summary>
    public Task<Answer<Preferences>> ConfirmAsync(string accountId, string code, CancellationToken cancellationToken) => rows.ChangeAsync(
        accountId,
        before => before.Pending is { } pending && pending.ExpiresAt > time.GetUtcNow() && string.Equals(pending.CodeHash, HashOf(code), StringComparison.Ordinal)
            ? before with { Email = pending.Email, EmailRefused = false, Pending = null }
            : Refusal.Invalid("This code is not the one that was sent last, or it has expired."),
        cancellationToken);

    /// <summary>The key that signs what goes to an account's webhook.</summary>
    /// <returns>Null when it cannot be read any more: the webhook has to be set anew, which makes another.</returns>
    internal async Task<byte[]?> KeyOfAsync(string accountId, Preferences wanted, CancellationToken cancellationToken) => wanted.WebhookSecret is not { } secret ? null
        // Secrets were stored as they are before they were sealed.
        : WebhookSignature.KeyOf(secret) ?? WebhookSignature.KeyOf(await seals.OpenAsync(PurposeOf(accountId), secret, cancellationToken));

    /// <summary>Sends nothing more to a webhook whose receiver is gone, unless another one was set meanwhile.</summary>
    internal Task SwitchOffWebhookAsync(string accountId, string url, CancellationToken cancellationToken) => rows.ChangeAsync(
        accountId, before => string.Equals(before.WebhookUrl, url, StringComparison.Ordinal) ? before with { WebhookGone = true } : before, cancellationToken);

    /// <summary>Sends nothing more to an address that is refused for good, unless another one was set meanwhile.</summary>
    internal Task SwitchOffEmailAsync(string accountId, string email, CancellationToken cancellationToken) => rows.ChangeAsync(
        accountId, before => string.Equals(before.Email, email, StringComparison.Ordinal) ? before with { EmailRefused = true } : before, cancellationToken);

    internal static string HashOf(string code) => Digest.Of(Encoding.UTF8.GetBytes(code));

    private static string PurposeOf(string accountId) => "webhook-secret|" + accountId;

    private Refusal? Problem(WantedPreferences wanted)
    {
        if (wanted.Email is { } email)
        {
            if (!options.Value.Smtp.IsConfigured)
            {
                return Refusal.Invalid("This installation sends no e-mail.");
            }

            if (!MailAddresses.IsValid(email))
            {
                return Refusal.Invalid("'email' must be a plain e-mail address.");
            }
        }

        if (wanted.WebhookUrl is { } url && WebhookAddress.Problem(url, options.Value.AllowPrivate) is { } problem)
        {
            return Refusal.Invalid(problem);
        }

        return wanted.Kinds is null || wanted.Kinds.All(kind => NotificationKinds.Chosen.Contains(kind.Key, StringComparer.Ordinal)
                && kind.Value?.All(channel => NotificationChannels.OfAccounts.Contains(channel, StringComparer.Ordinal)) == true)
            ? null
            : Refusal.Invalid($"'kinds' gives channels ({string.Join(", ", NotificationChannels.OfAccounts)}) to kinds ({string.Join(", ", NotificationKinds.Chosen)}).");
    }
}
