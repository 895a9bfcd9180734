using ServerlessAi.Providers;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>The documented error classes of vendors of images and of search.</summary>
/// <remarks>
/// fal.ai/docs/documentation/model-apis/errors; platform.stability.ai/docs/api-reference; docs.tavily.com; serper.dev/playground;
/// exa.ai/docs/reference/error-codes; docs.firecrawl.dev/api-reference/errors. None but Exa refuses a search for its content.
/// </remarks>
internal static class OtherTroubles
{
    public static IReadOnlyList<Trouble> Fal { get; } =
    [
        new("invalid request", "422 string_too_short", FalStandIn.Refusal(422, "string_too_short", "Too short."), ProviderFailure.InvalidRequest),
        new("unauthorized", "401", FalStandIn.Sentence(401, "No user found for Key ID and Secret"), ProviderFailure.Unauthorized),
        new("balance used up", "403", FalStandIn.Sentence(403, "User is locked. Reason: Exhausted balance."), ProviderFailure.Unauthorized),
        new("model not found", "404", FalStandIn.Sentence(404, "Application not found"), ProviderFailure.ModelNotFound),
        new("content refused", "422 content_policy_violation", FalStandIn.Refusal(422, "content_policy_violation", "No."), ProviderFailure.ContentRefused),
        new("rate limit", "429, Retry-After: 3", FalStandIn.Sentence(429, "Too many requests.").With("Retry-After", "3"), ProviderFailure.RateLimited) { RetryAfter = 3 },
        new("overloaded", "503 runner_scheduling_failure", FalStandIn.Sentence(503, "No runner.", "runner_scheduling_failure"), ProviderFailure.Overloaded),
        new("server error", "500 internal_error", FalStandIn.Sentence(500, "Error.", "internal_error"), ProviderFailure.Unavailable),
    ];

    public static IReadOnlyList<Trouble> FalQueue { get; } =
    [
        new("content refused at its turn", "COMPLETED content_policy_violation", FalStandIn.Status("COMPLETED", "No.", "content_policy_violation"), ProviderFailure.ContentRefused) { At = FalStandIn.StatusQuestion },
        new("overloaded at its turn", "COMPLETED runner_scheduling_timeout", FalStandIn.Status("COMPLETED", "No runner.", "runner_scheduling_timeout"), ProviderFailure.Overloaded) { At = FalStandIn.StatusQuestion },
        new("broken status", "200, no status", Behaviour.Answer(200, "{}"), ProviderFailure.BadAnswer) { At = FalStandIn.StatusQuestion },
        new("result lost", "a reset", Behaviour.Reset, ProviderFailure.ConnectionLost) { At = FalStandIn.ResultQuestion },
    ];

    public static IReadOnlyList<Trouble> Stability { get; } =
    [
        new("invalid request", "400 bad_request", StabilityStandIn.Error(400, "bad_request", "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", "401 unauthorized", StabilityStandIn.Error(401, "unauthorized", "Wrong key."), ProviderFailure.Unauthorized),
        new("model not found", "404 not_found", StabilityStandIn.Error(404, "not_found", "No."), ProviderFailure.ModelNotFound),
        new("content refused", "403 content_moderation", StabilityStandIn.Error(403, "content_moderation", "No."), ProviderFailure.ContentRefused),
        new("content refused in the answer", "finish-reason CONTENT_FILTERED", StabilityStandIn.Image("CONTENT_FILTERED"), ProviderFailure.ContentRefused),
        new("rate limit", "429, Retry-After: 60", StabilityStandIn.Error(429, "rate_limit_exceeded", "Slow.").With("Retry-After", "60"), ProviderFailure.RateLimited) { RetryAfter = 60 },
        new("balance used up", "402 payment_required", StabilityStandIn.Error(402, "payment_required", "Spent."), ProviderFailure.RateLimited),
        new("overloaded", "503", StabilityStandIn.Error(503, "service_unavailable", "Busy."), ProviderFailure.Overloaded),
        new("server error", "500 internal_error", StabilityStandIn.Error(500, "internal_error", "Error."), ProviderFailure.Unavailable),
        new("no picture", "200, not an image", Behaviour.Answer(200, "picture", "image/png"), ProviderFailure.BadAnswer),
    ];

    public static IReadOnlyList<Trouble> Tavily { get; } =
    [
        .. Searches(TavilyStandIn.Error, unauthorized: 401),
        new("budget spent", "432", TavilyStandIn.Error(432, "Plan's limit."), ProviderFailure.RateLimited),
    ];

    public static IReadOnlyList<Trouble> Serper { get; } =
    [
        .. Searches(SerperStandIn.Error, unauthorized: 403),
        new("budget spent", "400 Not enough credits", SerperStandIn.Error(400, "Not enough credits"), ProviderFailure.RateLimited),
    ];

    public static IReadOnlyList<Trouble> Exa { get; } =
    [
        .. Searches((status, message) => ExaStandIn.Error(status, tag: null, message), unauthorized: 401),
        new("budget spent", "402 NO_MORE_CREDITS", ExaStandIn.Error(402, "NO_MORE_CREDITS", "Spent."), ProviderFailure.RateLimited),
        new("content refused", "403 PROHIBITED_CONTENT", ExaStandIn.Error(403, "PROHIBITED_CONTENT", "No."), ProviderFailure.ContentRefused),
    ];

    public static IReadOnlyList<Trouble> Firecrawl { get; } =
    [
        .. Searches(FirecrawlStandIn.Error, unauthorized: 401),
        new("budget spent", "402", FirecrawlStandIn.Error(402, "Insufficient credits"), ProviderFailure.RateLimited),
        new("the vendor's own timeout", "408", FirecrawlStandIn.Error(408, "Request timed out"), ProviderFailure.Timeout),
    ];

    private static IEnumerable<Trouble> Searches(Func<int, string, Behaviour> error, int unauthorized) =>
    [
        new("invalid request", "400", error(400, "Invalid."), ProviderFailure.InvalidRequest),
        new("unauthorized", $"{unauthorized}", error(unauthorized, "Wrong key."), ProviderFailure.Unauthorized),
        new("model not found", "404", error(404, "No such endpoint."), ProviderFailure.ModelNotFound),
        new("rate limit", "429, Retry-After: 3", error(429, "Slow.").With("Retry-After", "3"), ProviderFailure.RateLimited) { RetryAfter = 3 },
        new("overloaded", "503", error(503, "Busy."), ProviderFailure.Overloaded),
        new("server error", "500", error(500, "Error."), ProviderFailure.Unavailable),
    ];
}
