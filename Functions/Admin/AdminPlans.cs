using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Http;
using ServerlessAi.Plans;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

public sealed record PlanCollection(IReadOnlyList<Plan> Plans);

/// <summary>All plans; a new one.</summary>
public sealed class AdminPlans(PlanAdmin plans)
{
    [Function("admin-plans")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/plans")] HttpRequest http, CancellationToken cancellationToken)
    {
        if (HttpMethods.IsGet(http.Method))
        {
            return Answers.Snake(new PlanCollection(await plans.ListAsync(cancellationToken)));
        }

        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        var plan = patch.Then(body => MergePatch.Apply(new Plan("", ""), body, Wire.StrictSnake));
        return PlanAnswer.From(plan.Succeeded ? await plans.AddAsync(plan.Value, cancellationToken) : plan.Refusal, http, StatusCodes.Status201Created);
    }
}

/// <summary>One plan: read, change, withdraw. <c>If-Match</c> makes a change conditional; what a change leaves out stays, <c>null</c> takes a limit away.</summary>
public sealed class AdminPlan(PlanAdmin plans)
{
    [Function("admin-plan")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", "delete", Route = "manage/plans/{id}")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var ifMatch = http.Headers.IfMatch.ToString() is { Length: > 0 } tag ? tag : null;
        if (HttpMethods.IsGet(http.Method))
        {
            return PlanAnswer.From(await plans.FindAsync(id, cancellationToken), http);
        }

        if (HttpMethods.IsDelete(http.Method))
        {
            return PlanAnswer.From(await plans.WithdrawAsync(id, ifMatch, cancellationToken), http);
        }

        var patch = await MergePatch.ReadAsync(http, cancellationToken);
        return PlanAnswer.From(
            patch.Succeeded ? await plans.ChangeAsync(id, plan => MergePatch.Apply(plan, patch.Value, Wire.StrictSnake), ifMatch, cancellationToken) : patch.Refusal, http);
    }
}

internal static class PlanAnswer
{
    public static IActionResult From(Answer<TaggedPlan> answer, HttpRequest http, int status = StatusCodes.Status200OK)
    {
        if (!answer.Succeeded)
        {
            return Problems.From(answer.Refusal, http.HttpContext);
        }

        http.HttpContext.Response.Headers.ETag = answer.Value.ETag;
        return Answers.Snake(answer.Value.Plan, status);
    }
}
