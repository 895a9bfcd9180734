using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Functions.Http;
using ServerlessAi.Notifications;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Notifications;

/// <summary>What replaces the preferences that were there: what is left out is given up.</summary>
/// <param name="NewSecret">Makes a new secret although <paramref name="WebhookUrl"/> stays.</param>
/// <param name="Kinds">Channels (<c>email</c>, <c>webhook</c>) by kind; a kind that is left out goes to all there are, an empty list to none.</param>
public sealed record PreferencesInput(string? Email, string? WebhookUrl, bool? NewSecret, IReadOnlyDictionary<string, IReadOnlyList<string>>? Kinds)
{
    public WantedPreferences ToWanted() => new(Email is { Length: > 0 } ? Email : null, WebhookUrl is { Length: > 0 } ? WebhookUrl : null, NewSecret ?? false, Kinds);
}

/// <param name="EmailActive">Whether mail goes to <paramref name="Email"/>; not once the mail server has refused it for good.</param>
/// <param name="PendingEmail">An address that waits for its code to come back.</param>
/// <param name="WebhookActive">Not once its receiver has answered 410, or its secret was lost with the key ring: setting it again makes a new one.</param>
/// <param name="WebhookSecret">Only in the answer that made it.</param>
public sealed record PreferencesOutput(
    string? Email, bool EmailActive, string? PendingEmail, string? WebhookUrl, bool WebhookActive, string? WebhookSecret, IReadOnlyDictionary<string, IReadOnlyList<string>> Kinds)
{
    public static PreferencesOutput Of(Preferences preferences, string? secret = null) => new(
        preferences.Email,
        preferences.HasEmail,
        preferences.Pending?.Email,
        preferences.WebhookUrl,
        preferences.HasWebhook,
        secret,
        NotificationKinds.Chosen.ToDictionary(
            kind => kind,
            IReadOnlyList<string> (kind) => preferences.Kinds.TryGetValue(kind, out var wanted) ? wanted : NotificationChannels.OfAccounts,
            StringComparer.Ordinal));
}

/// <summary>The way of preferences through the door, for their owner and for an admin.</summary>
internal static class PreferencePages
{
    public static async Task<IActionResult> AnswerAsync(HttpRequest http, PreferenceBook preferences, string accountId, bool isTrusted, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Method))
        {
            return Answers.Json(PreferencesOutput.Of(await preferences.ReadAsync(accountId, cancellationToken)));
        }

        var input = await http.ReadJsonAsync<PreferencesInput>(Wire.Json, cancellationToken);
        var changed = input.Succeeded ? await preferences.SetAsync(accountId, input.Value.ToWanted(), isTrusted, cancellationToken) : input.Refusal;
        return Answers.From(changed, http, after => PreferencesOutput.Of(after.Preferences, after.NewSecret));
    }
}
