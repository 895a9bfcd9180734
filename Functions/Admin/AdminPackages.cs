using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

public sealed record PackageCollection(IReadOnlyList<Package> Packages);

/// <summary>All packages; a new one.</summary>
public sealed class AdminPackages(Packages packages)
{
    [Function("admin-packages")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "manage/packages")] HttpRequest http, CancellationToken cancellationToken) =>
        HttpMethods.IsGet(http.Method)
            ? Answers.Snake(new PackageCollection(await packages.ListAsync(cancellationToken)))
            : await CatalogRoutes.AddAsync(http, new Package("", ""), async package => AdminPackage.Show(await packages.AddAsync(package, cancellationToken)), cancellationToken);
}

/// <summary>One package: read, change, withdraw. <c>If-Match</c> makes a change conditional; what a change leaves out stays.</summary>
public sealed class AdminPackage(Packages packages)
{
    [Function("admin-package")]
    [Allow(Role.Admin)]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "put", "delete", Route = "manage/packages/{id}")] HttpRequest http, string id, CancellationToken cancellationToken) =>
        CatalogRoutes.RunAsync<Package>(
            http,
            async () => Show(await packages.FindAsync(id, cancellationToken)),
            async (change, ifMatch) => Show(await packages.ChangeAsync(id, change, ifMatch, cancellationToken)),
            async ifMatch => Show(await packages.WithdrawAsync(id, ifMatch, cancellationToken)),
            cancellationToken);

    internal static Answer<CatalogEntry> Show(Answer<Tagged<Package>> answer) => answer.Then<CatalogEntry>(package => new CatalogEntry(package.Value, package.ETag));
}
