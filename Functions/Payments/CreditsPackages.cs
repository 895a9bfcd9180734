using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Catalog;

namespace ServerlessAi.Functions.Payments;

/// <param name="Price">For one.</param>
/// <param name="Tiers">From how many on each costs less.</param>
public sealed record PackageOutput(string Id, string Name, string Description, decimal Price, string Currency, decimal Credits, IReadOnlyList<QuantityTier> Tiers);

public sealed record PackagesOutput(IReadOnlyList<PackageOutput> Packages);

/// <summary>The packages on offer; a price list, open to everybody.</summary>
public sealed class CreditsPackages(Packages packages, IOptions<PaymentOptions> options)
{
    [Function("credits-packages")]
    [Allow(Role.Guest, IsPublic = true)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credits/packages")] HttpRequest http, CancellationToken cancellationToken)
    {
        var offered = (await packages.ListAsync(cancellationToken)).Where(package => package.Offered);
        return Answers.Json(new PackagesOutput(
            [.. offered.Select(package => new PackageOutput(package.Id, package.Name, package.Description, package.Price, options.Value.Currency, package.Credits, package.Tiers))]));
    }
}
