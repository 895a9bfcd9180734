using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Teams;

namespace ServerlessAi.Functions.Teams;

public sealed record TeamInput(string? Name);

/// <summary>The caller's team: look at it, found it.</summary>
public sealed class TeamsOwn(TeamBook teams)
{
    [Function("teams")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "teams")] HttpRequest http, CancellationToken cancellationToken)
    {
        var user = http.Caller().UserId;
        if (HttpMethods.IsGet(http.Method))
        {
            return Answers.From(await teams.ReadAsync(user, cancellationToken), http, view => view);
        }

        var input = await http.ReadJsonAsync<TeamInput>(Wire.Json, cancellationToken);
        return Answers.From(input.Succeeded ? await teams.FoundAsync(user, input.Value.Name ?? "", cancellationToken) : input.Refusal, http, view => view);
    }
}
