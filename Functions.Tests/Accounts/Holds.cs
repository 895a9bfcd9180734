using ServerlessAi.Accounts;

namespace ServerlessAi.Tests.Accounts;

/// <summary>Holds taken without a request, as an instance leaves them behind.</summary>
internal static class Holds
{
    private static readonly PlanBook Plans = new("free", new Dictionary<string, PlanLimits>(StringComparer.Ordinal)
    {
        ["free"] = new() { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 100, FreeImagesPerDay = 0 },
    });

    /// <summary>One credit and $0.08, for five minutes.</summary>
    public static Reserve Image(string operationId) => new(
        operationId, WorkKind.Image, [World.ImageOffer("premium", 1, freeQuota: false, 0.08m, isStandard: false)], Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false);
}
