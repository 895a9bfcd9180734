using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks Tavily's search, docs.tavily.com/documentation/api-reference/endpoint/search.</summary>
public sealed class TavilyStandIn : VendorStandIn
{
    public const string ApiKey = "tvly-standin-0123456789abcdef";

    protected override Behaviour Unauthorized => Error(401, "Unauthorized: missing or invalid API key.");

    public static Task<TavilyStandIn> StartAsync() => StartAsync(new TavilyStandIn());

    public static Behaviour Error(int status, string message) => Json(status, new { detail = new { error = message } });

    public static Behaviour Found { get; } = Json(200, new
    {
        query = "foxes",
        follow_up_questions = (object?)null,
        answer = (object?)null,
        images = Array.Empty<object>(),
        results = new object[]
        {
            new { url = "https://example.com/fox", title = "The red fox", content = "Foxes are small.", score = 0.98, raw_content = (object?)null, published_date = "Mon, 03 Mar 2025 08:00:00 GMT" },
            new { url = "https://example.com/den", title = "Dens", content = "Where foxes live.", score = 0.5, raw_content = (object?)null },
        },
        response_time = 1.09,
        request_id = "123e4567-e89b-12d3-a456-426614174111",
    });

    protected override string? ModelOf(ReceivedRequest request) => request is { Method: "POST", Path: "/search" } ? "" : null;

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("Authorization") is "Bearer " + ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => Found.Run(context, () => Task.CompletedTask);
}
