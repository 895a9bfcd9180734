using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Teams;

namespace ServerlessAi.Functions.Teams;

/// <summary>One member: change the cap; end the membership, or leave.</summary>
public sealed class TeamsMember(TeamBook teams)
{
    [Function("teams-member")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", "delete", Route = "teams/members/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        (var user, id) = (http.Caller().UserId, RouteValue.Read(id));
        if (Caller.Problem(id) is { } problem)
        {
            return Problems.From(problem, http.HttpContext);
        }

        if (HttpMethods.IsDelete(http.Method))
        {
            return Answers.From(await teams.RemoveAsync(user, id, cancellationToken), http, view => view);
        }

        var input = await http.ReadJsonAsync<CapInput>(Wire.Json, cancellationToken);
        return Answers.From(input.Succeeded ? await teams.CapAsync(user, id, input.Value.MonthlyCap, cancellationToken) : input.Refusal, http, view => view);
    }
}
