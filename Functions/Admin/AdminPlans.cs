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
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/plans")] HttpRequest http, CancellationToken cancellationToken) =>
        HttpMethods.IsGet(http.Method)
            ? Answers.Snake(new PlanCollection(await plans.ListAsync(cancellationToken)))
            : await CatalogRoutes.AddAsync(http, new Plan("", ""), async plan => AdminPlan.Show(await plans.AddAsync(plan, cancellationToken)), cancellationToken);
}

/// <summary>One plan: read, change, withdraw. <c>If-Match</c> makes a change conditional; what a change leaves out stays, <c>null</c> takes a limit away.</summary>
public sealed class AdminPlan(PlanAdmin plans)
{
    [Function("admin-plan")]
    [Allow(Role.Admin)]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", "delete", Route = "manage/plans/{id}")] HttpRequest http, string id, CancellationToken cancellationToken) =>
        CatalogRoutes.RunAsync<Plan>(
            http,
            async () => Show(await plans.FindAsync(id, cancellationToken)),
            async (change, ifMatch) => Show(await plans.ChangeAsync(id, change, ifMatch, cancellationToken)),
            async ifMatch => Show(await plans.WithdrawAsync(id, ifMatch, cancellationToken)),
            cancellationToken);

    internal static Answer<CatalogEntry> Show(Answer<TaggedPlan> answer) => answer.Then<CatalogEntry>(plan => new CatalogEntry(plan.Plan, plan.ETag));
}
