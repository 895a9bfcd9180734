using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks Firecrawl's search, docs.firecrawl.dev/api-reference/endpoint/search.</summary>
public sealed class FirecrawlStandIn : VendorStandIn
{
    public const string ApiKey = "fc-standin-0123456789abcdef";

    private static readonly object[] Pages =
    [
        new { url = "https://example.com/fox", title = "The red fox", description = "Foxes are small.", position = 1 },
        new { url = "https://example.com/den", title = "Dens", description = "Where foxes live.", position = 2 },
    ];

    protected override Behaviour Unauthorized => Error(401, "Unauthorized: Invalid token");

    public static Task<FirecrawlStandIn> StartAsync() => StartAsync(new FirecrawlStandIn());

    public static Behaviour Error(int status, string message) => Json(status, new { success = false, error = message });

    public static Behaviour Found { get; } = Json(200, new { success = true, data = new { web = Pages }, creditsUsed = 2, id = "0199d6b1" });

    /// <summary>As version 1 had it.</summary>
    public static Behaviour FoundInOneList { get; } = Json(200, new { success = true, data = Pages });

    protected override string? ModelOf(ReceivedRequest request) => request is { Method: "POST", Path: "/v2/search" } ? "" : null;

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("Authorization") is "Bearer " + ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => Found.Run(context, () => Task.CompletedTask);
}
