using System.Text.Json.Nodes;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Providers;
using ServerlessAi.Tests.Providers.VendorTable;

namespace ServerlessAi.Tests.OpenAI;

/// <summary>How long streams are listened to, to the millisecond, for vendors of both kinds of API: the real chain and adapters on a clock that stands still.</summary>
public sealed class StreamBoundTests
{
    private static readonly Task Never = new TaskCompletionSource().Task;

    public static TheoryData<string> Names => ["openai", "anthropic"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Without_a_client_the_vendor_is_read_on_for_so_long_and_no_longer(string name)
    {
        await using var world = await StreamWorld.StartAsync(name, ("Providers:Stream:DrainMs", "4000"));
        var running = world.Run(script => script.Before(world.FirstWord + 2, Never));
        await world.SaidAsync("one two");

        await world.LeaveAsync();
        Assert.False(await world.EndsAsync(running, within: 3_999));
        world.Time.Advance(TimeSpan.FromMilliseconds(1));

        AssertPartial(await running, "one two");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_vendor_that_goes_on_talking_to_nobody_does_not_get_more_time(string name)
    {
        await using var world = await StreamWorld.StartAsync(name, ("Providers:Stream:DrainMs", "4000"));
        var running = world.Run(script => world.Paced(script, TimeSpan.FromSeconds(1)));
        await world.SaidAsync("one");

        await world.LeaveAsync();
        var before = world.Time.GetUtcNow();
        // Its next event comes at the end of each second, but not in the last one any more.
        AssertPartial(await world.PlayAsync(running), "one");
        Assert.Equal(4, (world.Time.GetUtcNow() - before).TotalSeconds);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Without_a_client_only_so_many_bytes_are_read(string name)
    {
        await using var world = await StreamWorld.StartAsync(name, ("Providers:Stream:DrainBytes", "400"));
        var gate = new TaskCompletionSource();
        // It never comes to its end, and no time passes.
        var running = world.Run(script => script with { Pace = (place, _) => place == world.FirstWord + 1 ? gate.Task : place > world.FirstWord + 3 ? Never : Task.CompletedTask });
        await world.SaidAsync("one");

        await world.LeaveAsync();
        gate.SetResult();

        AssertPartial(await running, "one");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_stream_that_falls_silent_is_partial_after_the_silence_that_is_set(string name)
    {
        await using var world = await StreamWorld.StartAsync(name, ("Providers:Stream:SilenceMs", "7000"));
        var running = world.Run(script => script.Before(world.FirstWord + 2, Never));
        await world.SaidAsync("one two");

        Assert.False(await world.EndsAsync(running, within: 6_999));
        world.Time.Advance(TimeSpan.FromMilliseconds(1));

        AssertPartial(await running, "one two");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_first_byte_that_is_too_slow_leaves_the_turn_to_another_model(string name)
    {
        await using var world = await StreamWorld.StartAsync(name, ("Providers:TextTimeoutMs", "5000"));
        var running = world.Run(script => script.Before(0, Never));
        await Wait.UntilAsync(() => world.Vendor.Requests.Count == 1, "the vendor was asked");

        world.Time.Advance(TimeSpan.FromSeconds(5));

        var result = await running;
        Assert.Equal(["timeout", "ok"], result.Attempts.Select(attempt => attempt.Outcome));
        Assert.Equal((false, 1), (result.Value!.IsPartial, result.MayBill.Length));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_stream_without_end_is_partial_when_all_time_is_used_up_before_the_platform_gives_up(string name)
    {
        await using var world = await StreamWorld.StartAsync(name);
        var running = world.Run(script => world.Paced(script, TimeSpan.FromSeconds(10)), string.Join(' ', Enumerable.Repeat("word", 30)));
        var before = world.Time.GetUtcNow();

        var result = await world.PlayAsync(running);

        Assert.Equal(("ok", true), (string.Join(' ', result.Attempts.Select(attempt => attempt.Outcome)), result.Value!.IsPartial));
        Assert.Equal(200, (world.Time.GetUtcNow() - before).TotalSeconds);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task An_app_that_has_to_stop_ends_its_streams_in_time_and_blames_nobody(string name)
    {
        await using var world = await StreamWorld.StartAsync(name, ("Providers:Stream:StopMs", "9000"));
        var running = world.Run(script => script.Before(world.FirstWord + 2, Never));
        await world.SaidAsync("one two");

        await world.StopAsync();
        Assert.False(await world.EndsAsync(running, within: 8_999));
        world.Time.Advance(TimeSpan.FromMilliseconds(1));

        AssertPartial(await running, "one two");
        Assert.Empty(world.TroubledModels);
    }

    [Fact]
    public async Task An_app_that_has_to_stop_asks_nobody_else_for_a_stream_that_has_not_begun()
    {
        await using var world = await StreamWorld.StartAsync("openai");
        var running = world.Run(script => script.Before(0, Never));
        await Wait.UntilAsync(() => world.Vendor.Requests.Count == 1, "the vendor was asked");

        await world.StopAsync();
        world.Time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal((ProviderFailure.Timeout, 1), ((await running).Failure, (await running).Attempts.Length));
    }

    private static void AssertPartial(ChainResult<ChatResult> result, string said)
    {
        Assert.True(result.Value!.IsPartial);
        Assert.StartsWith(said, JsonNode.Parse(result.Value.Json)!["choices"]![0]!["message"]!["content"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal((said.Length + 2) / 3, result.Value.Usage.OutputTokens);
    }
}
