using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Teams;

namespace ServerlessAi.Functions.Teams;

public sealed record JoinInput(string? Code);

/// <summary>Accepts an invitation: from now on the caller's requests are paid by the team.</summary>
public sealed class TeamsJoin(TeamBook teams)
{
    private const int CodeLimit = 100;

    [Function("teams-join")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "teams/join")] HttpRequest http, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<JoinInput>(Wire.Json, cancellationToken);
        var code = input.Then<string>(body => body.Code is { Length: > 0 and <= CodeLimit } sent ? sent : Refusal.Invalid("'code' is required."));
        return Answers.From(code.Succeeded ? await teams.AcceptAsync(http.Caller().UserId, code.Value, cancellationToken) : code.Refusal, http, view => view);
    }
}
