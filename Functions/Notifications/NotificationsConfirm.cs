using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Notifications;

/// <param name="Code">As it was sent to the address.</param>
public sealed record ConfirmInput(string? Code);

/// <summary>Confirms the caller's address by the code that was sent to it.</summary>
public sealed class NotificationsConfirm(PreferenceBook preferences)
{
    [Function("notifications-confirm")]
    [Allow(Role.User, IsOfOwner = true, BodyLimitBytes = 64 * 1024)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "notifications/confirm")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<ConfirmInput>(Wire.Json, cancellationToken);
        var confirmed = input.Succeeded ? await preferences.ConfirmAsync(http.Caller().AccountId, input.Value.Code?.Trim() ?? "", cancellationToken) : input.Refusal;
        return Answers.From(confirmed, http, after => PreferencesOutput.Of(after));
    }
}
