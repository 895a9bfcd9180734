using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>Speaks Exa's search, exa.ai/docs/reference/search, errors as in exa.ai/docs/reference/error-codes.</summary>
public sealed class ExaStandIn : VendorStandIn
{
    public const string ApiKey = "exa-standin-0123456789abcdef";

    protected override Behaviour Unauthorized => Error(401, "INVALID_API_KEY", "Invalid API key");

    public static Task<ExaStandIn> StartAsync() => StartAsync(new ExaStandIn());

    public static Behaviour Error(int status, string? tag, string message) => Json(status, new { requestId = "67207943fab9832d162b5317f4cef830", error = message, tag });

    public static Behaviour Found { get; } = Json(200, new
    {
        requestId = "b5947044c4b78efa9552a7c89b306d95",
        resolvedSearchType = "neural",
        results = new object[]
        {
            new { id = "https://example.com/fox", title = "The red fox", url = "https://example.com/fox", publishedDate = "2025-03-03T08:00:00.000Z", author = "A. Fox", score = 0.46, text = "Foxes are small." },
            new { id = "https://example.com/den", title = "Dens", url = "https://example.com/den", text = "Where foxes live." },
        },
        costDollars = new { total = 0.005 },
    });

    protected override string? ModelOf(ReceivedRequest request) => request is { Method: "POST", Path: "/search" } ? "" : null;

    protected override bool IsAuthorized(ReceivedRequest request) => request.Headers.GetValueOrDefault("x-api-key") is ApiKey;

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request) => Found.Run(context, () => Task.CompletedTask);
}
