using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks serper.dev's Google search.</summary>
public sealed class SerperStandIn : VendorStandIn
{
    public const string ApiKey = "serper-standin-0123456789abcdef";

    protected override Behaviour Unauthorized => Error(403, "Unauthorized.");

    public static Task<SerperStandIn> StartAsync() => StartAsync(new SerperStandIn());

    public static Behaviour Error(int status, string message) => Json(status, new { message, statusCode = status });

    public static Behaviour Found { get; } = Json(200, new
    {
        searchParameters = new { q = "foxes", type = "search", num = 5, engine = "google" },
        knowledgeGraph = new { title = "Red fox" },
        organic = new object[]
        {
            new { title = "The red fox", link = "https://example.com/fox", snippet = "Foxes are small.", date = "Mar 3, 2025", position = 1 },
            new { title = "Dens", link = "https://example.com/den", snippet = "Where foxes live.", date = "3 days ago", position = 2 },
        },
        relatedSearches = new[] { new { query = "fox dens" } },
        credits = 1,
    });

    protected override string? ModelOf(ReceivedRequest request) => request is { Method: "POST", Path: "/search" } ? "" : null;

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("X-API-KEY") is ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => Found.Run(context, () => Task.CompletedTask);
}
