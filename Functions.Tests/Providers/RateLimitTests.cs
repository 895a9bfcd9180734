using ServerlessAi.Providers;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Tests.Providers.ProviderWorld;

namespace ServerlessAi.Tests.Providers;

public sealed class RateLimitTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("retry-after: 20", 20)]
    [InlineData("retry-after: 0.5", 0.5)]
    [InlineData("retry-after: Sun, 01 Mar 2026 12:00:30 GMT", 30)]
    [InlineData("retry-after: Sun, 01 Mar 2026 11:00:00 GMT", 0)]
    [InlineData("retry-after-ms: 1500; retry-after: 2", 1.5)]
    [InlineData("retry-after: 99999999999", 86_400)]
    [InlineData("x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: 6m0s", 360)]
    [InlineData("x-ratelimit-remaining-requests: 9; x-ratelimit-reset-requests: 6m0s; x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 7.66s", 7.66)]
    [InlineData("x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 120ms", 0.12)]
    [InlineData("x-ratelimit-remaining-tokens: 0; x-ratelimit-reset-tokens: 1h2m3s", 3_723)]
    public void Each_way_to_say_how_long_to_wait_is_understood(string headers, double seconds) =>
        Assert.Equal(seconds, RateLimits.RetryAfter(Finder(headers), Now)!.Value.TotalSeconds, precision: 3);

    [Theory]
    [InlineData("")]
    [InlineData("retry-after: soon")]
    [InlineData("retry-after: -5")]
    [InlineData("retry-after: NaN")]
    [InlineData("x-ratelimit-remaining-requests: 5; x-ratelimit-reset-requests: 6m0s")]
    [InlineData("x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: ")]
    [InlineData("x-ratelimit-remaining-requests: 0; x-ratelimit-reset-requests: tomorrow")]
    public void What_is_not_understood_says_nothing(string headers) => Assert.Null(RateLimits.RetryAfter(Finder(headers), Now));

    [Fact]
    public async Task A_failure_tells_how_long_its_vendor_wants_to_be_left_alone_and_the_chain_the_shortest_of_them()
    {
        await using var world = await ProviderWorld.StartAsync();
        world.OpenAI.Script("chosen", Limited("30"));
        world.OpenAI.Script("second", OpenAIStandIn.Error(500, "server_error", code: null, "Broken."));
        world.OpenAI.Script("third", Limited("12"));
        world.OpenAI.Script("fourth", Limited("25"));
        var result = await world.RunAsync(TextModel("chosen"), TextModel("second", priority: 1), TextModel("third", priority: 2), TextModel("fourth", priority: 3));
        Assert.Equal((ProviderFailure.RateLimited, TimeSpan.FromSeconds(12)), (result.Failure, result.RetryAfter));
    }

    [Fact]
    public async Task Gemini_says_it_in_the_body()
    {
        await using var vendor = await CompatibleStandIn.StartAsync();
        await using var world = await ProviderWorld.StartAsync(
            settings: [("Providers:Text:gemini:BaseUrl", vendor.Address), ("Providers:Text:gemini:ApiKey", CompatibleStandIn.ApiKey)]);
        vendor.Script(null, CompatibleStandIn.GeminiError(
            429, "RESOURCE_EXHAUSTED", "Quota.", new { violations = new[] { 1 } }, new { retryDelay = "34.07s" }));
        var outcome = await world.Registry.Text("gemini")!.CompleteAsync(new("gemini-2.5-flash", "Hi", 10, Temperature: null), CancellationToken.None);
        Assert.Equal(34.07, outcome.RetryAfter!.Value.TotalSeconds, precision: 3);
    }

    private static Behaviour Limited(string seconds) => OpenAIStandIn.Error(429, "requests", "rate_limit_exceeded", "Slow down.").With("Retry-After", seconds);

    private static Func<string, string?> Finder(string headers)
    {
        var all = headers.Split("; ").Select(header => header.Split(": ", 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        return name => all.GetValueOrDefault(name);
    }
}
