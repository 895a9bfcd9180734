using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Teams;

namespace ServerlessAi.Functions.Teams;

/// <param name="MonthlyCap">Credits a month; absent for no cap.</param>
public sealed record CapInput(decimal? MonthlyCap);

/// <param name="Code">For one user, who sends it to <c>teams/join</c>.</param>
public sealed record InviteOutput(string Code, DateTimeOffset ExpiresAt);

/// <summary>Invites somebody into the caller's team.</summary>
public sealed class TeamsInvite(TeamBook teams)
{
    [Function("teams-invite")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "teams/invites")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<CapInput>(Wire.Json, cancellationToken);
        var issued = input.Succeeded ? await teams.InviteAsync(http.Caller().UserId, input.Value.MonthlyCap, cancellationToken) : input.Refusal;
        return Answers.From(issued, http, invite => new InviteOutput(invite.Code, invite.ExpiresAt), StatusCodes.Status201Created);
    }
}
