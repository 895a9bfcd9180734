using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

/// <summary>Streams that the app itself cuts short: when it is told to stop, and when it fails.</summary>
public sealed class StreamEndTests
{
    private static readonly OpenAIStream Five = OpenAIStream.Of("one two three four five", new StandInUsage());

    [Fact]
    public async Task A_stream_that_ends_while_the_app_stops_is_whole()
    {
        await using var door = await Door.OpenAsync();
        var gate = new TaskCompletionSource();
        door.Vendor.Script("gpt-4.1", Five.Before(3, gate.Task).ToBehaviour());
        using var stream = await door.StreamAsync(Door.Chat(stream: true));
        await stream.NextAsync();

        var stopping = door.App.StopAsync();
        gate.SetResult();
        var end = EndOf(await stream.RestAsync());
        await stopping;

        Assert.Equal(("provider", "settled"), (end["usage"]!["source"]!.GetValue<string>(), end["receipt"]!["settlement"]!.GetValue<string>()));
        await AssertNoHoldAsync(door, charge: 0.00123m);
    }

    [Fact]
    public async Task A_stream_that_does_not_end_while_the_app_stops_is_settled_as_partial_and_its_caller_told()
    {
        await using var door = await Door.OpenAsync(("Providers:Stream:StopMs", "50"));
        door.Vendor.Script("gpt-4.1", Five.Before(3, new TaskCompletionSource().Task).ToBehaviour());
        using var stream = await door.StreamAsync(Door.Chat(stream: true));
        for (var chunk = 0; chunk < 3; chunk++)
        {
            await stream.NextAsync();
        }

        var stopping = door.App.StopAsync();
        var end = EndOf(await stream.RestAsync());
        await stopping;

        Assert.Equal(("partial", "settled"), (end["usage"]!["source"]!.GetValue<string>(), end["receipt"]!["settlement"]!.GetValue<string>()));
        await AssertNoHoldAsync(door, end["creditsUsed"]!.GetValue<decimal>());
    }

    [Theory]
    [InlineData("v1/chat/completions")]
    [InlineData("complete")]
    public async Task A_failure_of_the_app_after_the_stream_began_breaks_the_connection_and_leaves_no_hold(string route)
    {
        var broken = new BrokenProvider();
        await using var app = await TestApp.StartAsync(configure: services => services.AddSingleton<ITextProvider>(broken));
        var body = Door.Chat(stream: true, model: "mistral-large-4-0");
        body["prompt"] = route is "complete" ? "hello" : null;
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = System.Net.Http.Json.JsonContent.Create(body) };
        request.Headers.Add("x-user-id", "ann");

        using var response = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(200, (int)response.StatusCode);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => response.Content.ReadAsStringAsync());
        await Wait.UntilAsync(
            async () => (await app.Get<ServerlessAi.Accounts.AccountStore>().ReadStoredAsync("ann"))?.Holds.Length == 0, "the hold was ended");
        Assert.Equal(10m, (await app.GetAsync("credits?userId=ann")).Number("credits"));
    }

    private static async Task AssertNoHoldAsync(Door door, decimal charge)
    {
        await using var next = await TestApp.StartAsync(sharing: door.App);
        var credits = await next.GetAsync("credits?userId=ann");
        Assert.Equal((10 - charge, 0m), (credits.Number("credits"), credits.Number("heldCredits")));
    }

    private static JsonNode EndOf(List<string> events) => JsonNode.Parse(events[^2])!["serverlessai"]!;

    /// <summary>An adapter with a bug: it says something, and then throws what nobody expects.</summary>
    private sealed class BrokenProvider : ITextProvider
    {
        public string Name => "mistral";

        public Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall call, CancellationToken cancellationToken) => throw new InvalidOperationException("A bug.");

        public async Task<ProviderOutcome<ChatResult>> ForwardAsync(ChatCall call, CancellationToken cancellationToken)
        {
            await call.Relay!.SendAsync("""{"choices":[{"index":0,"delta":{"content":"Half"}}]}"""u8.ToArray(), 4);
            throw new InvalidOperationException("A bug.");
        }
    }
}
