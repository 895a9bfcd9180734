using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

public sealed class CompleteStreamTests
{
    private static readonly JsonObject Prompt = new() { ["prompt"] = "hello", ["model"] = "GPT_4_TURBO", ["stream"] = true };

    [Fact]
    public async Task The_text_comes_in_pieces_and_then_the_whole_answer_with_its_receipt()
    {
        await using var door = await Door.OpenAsync();
        using var stream = await door.StreamAsync(Prompt, route: "complete");
        var events = (await stream.RestAsync()).ConvertAll(data => JsonNode.Parse(data)!);

        Assert.Equal("Hello from the stand-in.", string.Concat(events.SkipLast(1).Select(one => one["delta"]!.GetValue<string>())));
        Assert.True(events.Count > 3);
        Assert.Equal(("Hello from the stand-in.", 0.00123m, "settled"), (
            events[^1]["text"]!.GetValue<string>(), events[^1]["creditsUsed"]!.GetValue<decimal>(), events[^1]["receipt"]!["settlement"]!.GetValue<string>()));
        Assert.Equal((10 - 0.00123m, 0m), await door.CreditsAsync());
    }

    [Fact]
    public async Task What_was_streamed_is_known_afterwards_streamed_or_whole()
    {
        await using var door = await Door.OpenAsync();
        using (var first = await door.StreamAsync(Prompt, route: "complete"))
        {
            await first.RestAsync();
        }

        using var again = await door.StreamAsync(Prompt, route: "complete");
        var events = (await again.RestAsync()).ConvertAll(data => JsonNode.Parse(data)!);
        var whole = await door.App.CompleteAsync("bob", "hello", "GPT_4_TURBO");

        Assert.Equal(("Hello from the stand-in.", true), (events[0]["delta"]!.GetValue<string>(), events[^1]["cached"]!.GetValue<bool>()));
        Assert.Equal(("Hello from the stand-in.", true), (whole.Text("text"), whole.Flag("cached")));
        Assert.Single(door.Vendor.Requests);
    }

    [Fact]
    public async Task A_key_replays_the_stream_and_a_break_is_charged_for_what_was_sent()
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.Script("gpt-4.1", (OpenAIStream.Of("one two three", new StandInUsage()) with { BreakBefore = 3 }).ToBehaviour());

        using var first = await door.StreamAsync(Prompt, key: "k", route: "complete");
        var once = await first.RestAsync();
        using var again = await door.StreamAsync(Prompt, key: "k", route: "complete");
        var twice = await again.RestAsync();

        Assert.Equal(("one two", "partial"), (JsonNode.Parse(once[^1])!["text"]!.GetValue<string>(), JsonNode.Parse(once[^1])!["usage"]!["source"]!.GetValue<string>()));
        Assert.Equal((once[^1], "true"), (twice[^1], again.Header("Idempotent-Replayed")));
        Assert.Single(door.Vendor.Requests);
    }

    [Fact]
    public async Task A_refusal_before_the_first_piece_is_an_ordinary_one()
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.Script(model: null, OpenAIStandIn.Error(503, "server_error", null, "Overloaded."));

        using var stream = await door.StreamAsync(Prompt, route: "complete");

        Assert.Equal((503, "application/problem+json"), (stream.Status, stream.Header("Content-Type")));
    }
}
