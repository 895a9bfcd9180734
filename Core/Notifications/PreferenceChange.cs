using System.Collections.Immutable;
using ServerlessAi.Primitives;

namespace ServerlessAi.Notifications;

/// <summary>One change of preferences, which may be tried on several versions of them.</summary>
/// <param name="Code">For an address that has to be confirmed.</param>
/// <param name="Secret">For a webhook that is new; sealed, as it is stored.</param>
internal sealed record Change(WantedPreferences Wanted, bool IsTrusted, string Code, string Secret, DateTimeOffset Now)
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Whether the change makes an address wait for this code.</summary>
    public bool SendsCode(Preferences before) =>
        Apply(before) is { Succeeded: true, Value.Pending: { } pending } && !ReferenceEquals(pending, before.Pending);

    public Answer<Preferences> Apply(Preferences before)
    {
        var after = WithWebhook(before) with { Kinds = KindsOf(Wanted) };
        return IsTrusted ? after with { Email = Wanted.Email, EmailRefused = false, Pending = null } : WithAddress(after);
    }

    private Preferences WithWebhook(Preferences before) => Wanted.WebhookUrl switch
    {
        null => before with { WebhookUrl = null, WebhookSecret = null, WebhookGone = false },
        var url when Wanted.NewSecret || before.WebhookGone || !string.Equals(url, before.WebhookUrl, StringComparison.Ordinal) =>
            before with { WebhookUrl = url, WebhookSecret = Secret, WebhookGone = false },
        _ => before,
    };

    private Answer<Preferences> WithAddress(Preferences before)
    {
        if (Wanted.Email is not { } email)
        {
            return before with { Email = null, EmailRefused = false, Pending = null };
        }

        if (string.Equals(email, before.Email, StringComparison.Ordinal) && !before.EmailRefused)
        {
            return before with { Pending = null };
        }

        if (before.Pending is { } pending && string.Equals(pending.Email, email, StringComparison.Ordinal) && Now - pending.SentAt < PreferenceBook.CodePause)
        {
            return before;
        }

        var lastDay = before.CodesSentAt.RemoveAll(at => Now - at >= Day);
        return lastDay.Length < PreferenceBook.CodesPerDay
            ? before with { Pending = new PendingAddress(email, PreferenceBook.HashOf(Code), Now, Now + PreferenceBook.CodeLife), CodesSentAt = lastDay.Add(Now) }
            : CodeAllowance.Refuse(lastDay[0] + Day - Now);
    }

    private static ImmutableSortedDictionary<string, ImmutableArray<string>> KindsOf(WantedPreferences wanted) =>
        (wanted.Kinds ?? new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)).ToImmutableSortedDictionary(
            kind => kind.Key, kind => kind.Value.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToImmutableArray(), StringComparer.Ordinal);
}
