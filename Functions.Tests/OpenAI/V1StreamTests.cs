using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

public sealed class V1StreamTests
{
    // 8 of 12 input tokens at $2 and 4 cached at $0.50, 8 output at $8 a million; × 1.5; ÷ $0.10 a credit.
    private const decimal WholeCharge = 0.00123m;

    private static readonly OpenAIStream Five = OpenAIStream.Of("one two three four five", new StandInUsage());

    [Fact]
    public async Task Chunks_arrive_as_they_come_and_the_last_tells_what_it_cost()
    {
        await using var door = await Door.OpenAsync();
        var gate = new TaskCompletionSource();
        door.Vendor.Script("gpt-4.1", Five.Before(3, gate.Task).ToBehaviour());

        using var stream = await door.StreamAsync(Door.Chat(stream: true));
        var early = new[] { await stream.NextAsync(), await stream.NextAsync(), await stream.NextAsync() };
        gate.SetResult();
        var rest = await stream.RestAsync();

        Assert.Equal(("text/event-stream; charset=utf-8", "miss", "openai-gpt-4.1"), (stream.Header("Content-Type"), stream.Header("x-cache"), stream.Header("x-model-served")));
        Assert.Equal("one two", TextOf(early));
        Assert.Equal(" three four five", TextOf(rest));
        Assert.DoesNotContain(early.Concat(rest), data => Node(data!)?["usage"] is not null);
        Assert.Equal("[DONE]", rest[^1]);
        var end = EndOf(rest);
        Assert.Equal((WholeCharge, "provider", "settled"), (end["creditsUsed"]!.GetValue<decimal>(), end["usage"]!["source"]!.GetValue<string>(), end["receipt"]!["settlement"]!.GetValue<string>()));
        Assert.Equal((10 - WholeCharge, 0m), await door.CreditsAsync());
        Assert.True(door.Vendor.Requests[0].Json["stream_options"]!["include_usage"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Who_asks_for_the_usage_gets_it_as_OpenAI_gives_it()
    {
        await using var door = await Door.OpenAsync();
        var body = Door.Chat(stream: true);
        body["stream_options"] = new JsonObject { ["include_usage"] = true };

        using var stream = await door.StreamAsync(body);
        var usage = Assert.Single(await stream.RestAsync(), data => Node(data)?["usage"] is not null);

        Assert.Equal((12, 8, 0), (Node(usage)!["usage"]!["prompt_tokens"]!.GetValue<int>(), Node(usage)!["usage"]!["completion_tokens"]!.GetValue<int>(), Node(usage)!["choices"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_known_answer_streams_too_and_is_free_whether_it_was_made_whole_or_as_a_stream()
    {
        await using var door = await Door.OpenAsync();
        using (var first = await door.StreamAsync(Door.Chat(stream: true)))
        {
            await first.RestAsync();
        }

        using var again = await door.StreamAsync(Door.Chat(stream: true));
        var rest = await again.RestAsync();
        var whole = await door.ChatAsync(Door.Chat());

        Assert.Equal(("hit", "0"), (again.Header("x-cache"), again.Header("x-credits-charged")));
        Assert.Equal(("Hello from the stand-in.", "stop"), (TextOf(rest), Node(rest[^3])!["choices"]![0]!["finish_reason"]!.GetValue<string>()));
        Assert.True(EndOf(rest)["cached"]!.GetValue<bool>());
        Assert.Equal("Hello from the stand-in.", whole.Body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Single(door.Vendor.Requests);
        Assert.Equal((10 - WholeCharge, 0m), await door.CreditsAsync());
    }

    [Fact]
    public async Task A_key_replays_as_a_stream()
    {
        await using var door = await Door.OpenAsync();
        using var first = await door.StreamAsync(Door.Chat(stream: true), key: "k");
        var once = await first.RestAsync();

        using var again = await door.StreamAsync(Door.Chat(stream: true), key: "k");
        var twice = await again.RestAsync();

        Assert.Equal("true", again.Header("Idempotent-Replayed"));
        Assert.Equal(TextOf(once), TextOf(twice));
        Assert.True(JsonNode.DeepEquals(EndOf(once), EndOf(twice)));
        Assert.Single(door.Vendor.Requests);
    }

    [Fact]
    public async Task Before_the_first_chunk_another_model_answers()
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.Script("gpt-4.1", (Five with { BreakBefore = 0 }).ToBehaviour());
        door.Vendor.Script("gpt-4.1-mini", (Five with { ErrorAt = 0 }).ToBehaviour());

        using var stream = await door.StreamAsync(Door.Chat(stream: true));
        var rest = await stream.RestAsync();

        Assert.Equal(("openai-gpt-4.1-nano", "Hello from the stand-in."), (stream.Header("x-model-served"), TextOf(rest)));
        Assert.Equal("connection_lost", EndOf(rest)["receipt"]!["fallbackReason"]!.GetValue<string>());
        Assert.Equal((10 - WholeCharge, 0m), await door.CreditsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_breaks_in_the_middle_is_charged_for_what_was_sent_and_nobody_else_is_asked(bool byErrorEvent)
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.Script("gpt-4.1", (byErrorEvent ? Five with { ErrorAt = 3 } : Five with { BreakBefore = 3 }).ToBehaviour());

        using var stream = await door.StreamAsync(Door.Chat(stream: true));
        var rest = await stream.RestAsync();

        Assert.Equal("one two", TextOf(rest));
        AssertPartial(EndOf(rest), textBytes: 7);
        Assert.Single(door.Vendor.Requests);
        Assert.Equal((10 - EndOf(rest)["creditsUsed"]!.GetValue<decimal>(), 0m), await door.CreditsAsync());
        door.Vendor.Script("gpt-4.1", Behaviour.Success);
        Assert.Equal("miss", (await door.ChatAsync(Door.Chat())).Headers["x-cache"]);
    }

    [Fact]
    public async Task A_stream_that_breaks_before_any_word_costs_nothing_and_says_so()
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.Script("gpt-4.1", (Five with { BreakBefore = 1 }).ToBehaviour());

        using var stream = await door.StreamAsync(Door.Chat(stream: true));
        var rest = await stream.RestAsync();

        Assert.Equal("provider_failed", Node(rest[^1])!["error"]!["code"]!.GetValue<string>());
        Assert.Equal((10m, 0m), await door.CreditsAsync());
    }

    [Fact]
    public async Task A_stream_without_its_usage_is_charged_by_an_estimate()
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.Script("gpt-4.1", (Five with { Usage = null }).ToBehaviour());

        using var stream = await door.StreamAsync(Door.Chat(stream: true));
        var end = EndOf(await stream.RestAsync());

        // "one two three four five" has 23 bytes.
        Assert.Equal(("estimated", 8), (end["usage"]!["source"]!.GetValue<string>(), end["usage"]!["outputTokens"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(7)]
    public async Task Who_leaves_is_charged_what_the_vendor_counts_when_it_can_be_learnt(int place)
    {
        await using var door = await Door.OpenAsync();
        var gate = new TaskCompletionSource();
        door.Vendor.Script("gpt-4.1", Five.Before(place, gate.Task).ToBehaviour());

        await LeaveAsync(door, after: place);
        gate.SetResult();
        await door.SettledAsync();

        Assert.Equal((10 - WholeCharge, 0m), await door.CreditsAsync());
        // It was whole, and so the next one gets it for nothing.
        Assert.Equal("hit", (await door.ChatAsync(Door.Chat())).Headers["x-cache"]);
    }

    [Fact]
    public async Task Who_leaves_a_vendor_that_never_ends_is_charged_for_what_was_sent()
    {
        await using var door = await Door.OpenAsync(("Providers:Stream:DrainMs", "50"));
        door.Vendor.Script("gpt-4.1", Five.Before(3, new TaskCompletionSource().Task).ToBehaviour());

        await LeaveAsync(door, after: 3);
        await door.SettledAsync();

        var charge = (await door.ChargeAsync())!.Value;
        // A third of 56 bytes of prompt, names and frame included, and of the 7 bytes of "one two".
        Assert.Equal(Charge(input: 19, output: 3), -charge.GetProperty("amount").GetDecimal());
        Assert.Equal(0m, (await door.CreditsAsync()).Held);
    }

    [Fact]
    public async Task Who_leaves_before_anything_was_said_by_a_vendor_that_never_answers_is_charged_nothing()
    {
        await using var door = await Door.OpenAsync(("Providers:Stream:DrainMs", "50"));
        door.Vendor.Script("gpt-4.1", Behaviour.Hang);

        await LeaveAsync(door, after: 0);
        await door.SettledAsync();

        Assert.Equal((10m, 0m), await door.CreditsAsync());
        Assert.Single(door.Vendor.Requests);
    }

    [Fact]
    public async Task What_a_vendor_said_to_nobody_before_it_failed_may_cost_us_and_is_on_record()
    {
        await using var door = await Door.OpenAsync();
        var gate = new TaskCompletionSource();
        door.Vendor.Script("gpt-4.1", (Five.Before(0, gate.Task) with { ErrorAt = 4 }).ToBehaviour());

        await LeaveAsync(door, after: 0);
        gate.SetResult();
        await door.SettledAsync();

        Assert.Equal((10m, 0m), await door.CreditsAsync());
        Assert.True((await door.App.GetAsync("ai-credits-status?userId=ann")).Number("monthlySpend") > 0);
    }

    private static async Task LeaveAsync(Door door, int after)
    {
        using var leaving = new CancellationTokenSource();
        var opening = door.StreamAsync(Door.Chat(stream: true), leaving.Token);
        if (after > 0)
        {
            using var stream = await opening;
            for (var i = 0; i < after; i++)
            {
                await stream.NextAsync();
            }
        }
        else
        {
            await Wait.UntilAsync(() => door.Vendor.Requests.Count == 1, "the vendor was asked");
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
        }
    }

    private static decimal Charge(int input, int output) => Math.Ceiling((input * 2m + output * 8m) * 1.5m * 10m) / 1_000_000m;

    private static void AssertPartial(JsonNode end, int textBytes) => Assert.Equal(
        ("partial", (textBytes + 2) / 3), (end["usage"]!["source"]!.GetValue<string>(), end["usage"]!["outputTokens"]!.GetValue<int>()));

    private static JsonNode? Node(string data) => data == "[DONE]" ? null : JsonNode.Parse(data);

    private static JsonNode EndOf(List<string> events) => Node(events[^2])!["serverlessai"]!;

    private static string TextOf(IEnumerable<string?> events) => string.Concat(
        events.Select(data => Node(data!)?["choices"] is JsonArray { Count: > 0 } choices ? choices[0]!["delta"]!["content"]?.GetValue<string>() : null));
}
