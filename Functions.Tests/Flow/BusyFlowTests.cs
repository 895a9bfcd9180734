using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.OpenAI;

namespace ServerlessAi.Tests.Flow;

/// <summary>The whole app whose provider takes one call at a time, or fails too often.</summary>
public sealed class BusyFlowTests
{
    private static readonly (string, string)[] OneAtATime = [("Providers:Concurrency", "1"), ("Providers:QueueLimit", "0")];
    private static readonly OpenAIStream Five = OpenAIStream.Of("one two three four five", new StandInUsage());

    [Fact]
    public async Task A_full_queue_is_503_with_Retry_After_and_costs_nothing()
    {
        await using var door = await Door.OpenAsync(OneAtATime);
        var gate = new TaskCompletionSource();
        door.Vendor.Script(model: null, Behaviour.After(gate.Task));
        var first = door.App.CompleteAsync("ann", "hello", "GPT_4_TURBO");
        await Wait.UntilAsync(() => door.Vendor.Requests.Count == 1, "the provider is busy");

        var reply = await door.App.CompleteAsync("bob", "hello again", "GPT_4_TURBO");
        var likeOpenAI = await door.App.SendAsync(
            HttpMethod.Post, "v1/chat/completions", Door.Chat("hello once more"), change: request => request.Headers.Add("x-user-id", "bob"));
        gate.SetResult();

        Assert.Equal((503, "provider_busy", "1"), (reply.Status, reply.Code, reply.Headers["Retry-After"]));
        Assert.Equal(["busy"], Outcomes(reply.Body));
        Assert.Equal((503, "provider_busy", "server_error"), (likeOpenAI.Status, V1ChatTests.Error(likeOpenAI, "code"), V1ChatTests.Error(likeOpenAI, "type")));
        Assert.Equal("1", likeOpenAI.Headers["Retry-After"]);
        var bob = await door.App.GetAsync("credits?userId=bob");
        Assert.Equal((10m, 0m), (bob.Number("credits"), bob.Number("heldCredits")));
        Assert.Equal(200, (await first).Status);
        Assert.Single(door.Vendor.Requests);
    }

    [Fact]
    public async Task While_the_chosen_provider_is_busy_another_answers_and_the_receipt_says_why()
    {
        await using var acme = await CompatibleStandIn.StartAsync();
        await using var door = await Door.OpenAsync(
            [.. OneAtATime, ("Providers:Text:acme:BaseUrl", acme.Address), ("Providers:Text:acme:ApiKey", CompatibleStandIn.ApiKey)]);
        await door.App.PostAsync("manage/model-prices", new { provider = "acme", model_name = "acme-1", input_price = 0.1, output_price = 0.1, profit_multiplier = 1.5 }, door.App.Admin);
        var gate = new TaskCompletionSource();
        door.Vendor.Script(model: null, Behaviour.After(gate.Task));
        var first = door.App.CompleteAsync("ann", "hello", "GPT_4_TURBO");
        await Wait.UntilAsync(() => door.Vendor.Requests.Count == 1, "the provider is busy");

        var reply = await door.App.CompleteAsync("bob", "hello again", "GPT_4_TURBO");
        gate.SetResult();
        await first;

        Assert.Equal((200, "busy", "openai-gpt-4.1", "acme-acme-1"), (reply.Status, Fact(reply, "fallbackReason"), Fact(reply, "modelSelected"), Fact(reply, "modelServed")));
        Assert.Equal(["busy", "ok"], Outcomes(reply.Receipt));
        Assert.Equal(0, reply.Receipt.GetProperty("uncertainCostUsd").GetDecimal());
    }

    [Fact]
    public async Task An_open_circuit_is_not_asked_and_health_names_the_model()
    {
        await using var door = await Door.OpenAsync(("Providers:Circuit:MinimumCalls", "2"), ("Providers:Circuit:BreakMs", "600000"));
        door.Vendor.Script(model: null, OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));
        var before = await door.App.GetAsync("health");
        await EmbedAsync(door, times: 2);

        var refused = await EmbedAsync(door, times: 1);
        var health = await door.App.GetAsync("health");

        Assert.Equal((503, "provider_busy"), (refused.Status, V1ChatTests.Error(refused, "code")));
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 500, 600);
        Assert.Equal(2, door.Vendor.Requests.Count);
        Assert.Equal((10m, 0m), await door.CreditsAsync());
        Assert.Equal(("healthy", "closed", 0), (before.Text("status"), Provider(before).GetProperty("state").GetString(), Provider(before).GetProperty("models").GetArrayLength()));
        Assert.Equal((200, "degraded", "open"), (health.Status, health.Text("status"), Provider(health).GetProperty("state").GetString()));
        var model = Assert.Single(Provider(health).GetProperty("models").EnumerateArray());
        Assert.Equal(("openai-text-embedding-3-large", "open"), (model.GetProperty("model").GetString(), model.GetProperty("state").GetString()));
        Assert.True(model.GetProperty("since").GetDateTimeOffset() < model.GetProperty("until").GetDateTimeOffset());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_calendar_that_is_set_leaves_an_open_circuit_as_it_is(int days)
    {
        await using var door = await Door.OpenAsync(("Providers:Circuit:MinimumCalls", "2"), ("Providers:Circuit:BreakMs", "600000"));
        door.Vendor.Script(model: null, OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));
        await EmbedAsync(door, times: 2);

        door.App.Clock.Advance(TimeSpan.FromDays(days));
        // Somebody new, because credits given tomorrow are not there today.
        var refused = await EmbedAsync(door, times: 1, user: "bob");

        Assert.Equal((503, 2), (refused.Status, door.Vendor.Requests.Count));
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 500, 600);
    }

    [Fact]
    public async Task The_receipt_names_an_open_circuit_that_was_passed_over()
    {
        await using var door = await Door.OpenAsync(("Providers:Circuit:MinimumCalls", "2"));
        door.Vendor.Script("gpt-4.1", OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));
        await door.App.CompleteAsync("ann", "one", "GPT_4_TURBO");
        await door.App.CompleteAsync("ann", "two", "GPT_4_TURBO");

        var reply = await door.App.CompleteAsync("ann", "three", "GPT_4_TURBO");

        Assert.Equal(["circuit_open", "ok"], Outcomes(reply.Receipt));
        Assert.Equal((0m, "circuit_open"), (reply.Receipt.GetProperty("uncertainCostUsd").GetDecimal(), Fact(reply, "fallbackReason")));
    }

    [Fact]
    public async Task A_stream_holds_its_slot_to_the_end_and_gives_it_back_when_its_caller_leaves()
    {
        await using var door = await Door.OpenAsync([.. OneAtATime, ("Providers:Stream:DrainMs", "0")]);
        var gate = new TaskCompletionSource();
        door.Vendor.Script("gpt-4.1", Five.Before(3, gate.Task).ToBehaviour(), Behaviour.Success);
        using var leaving = new CancellationTokenSource();
        var stream = await door.StreamAsync(Door.Chat(stream: true), leaving.Token);
        await stream.NextAsync();

        var during = await door.App.CompleteAsync("bob", "hello", "GPT_4_TURBO");
        var inUse = await door.App.GetAsync("health");
        stream.Dispose();
        await leaving.CancelAsync();
        await door.SettledAsync();
        var after = await door.App.CompleteAsync("bob", "hello", "GPT_4_TURBO");

        Assert.Equal((503, 1, 200), (during.Status, Provider(inUse).GetProperty("inUse").GetInt32(), after.Status));
        Assert.Equal((0, "healthy"), (Provider(await door.App.GetAsync("health")).GetProperty("inUse").GetInt32(), inUse.Text("status")));
    }

    [Fact]
    public async Task Callers_who_leave_open_no_circuit_and_streams_that_the_vendor_breaks_do()
    {
        await using var door = await Door.OpenAsync(("Providers:Circuit:MinimumCalls", "2"), ("Providers:Stream:DrainMs", "0"));
        door.Vendor.Script("gpt-4.1", Five.Before(3, new TaskCompletionSource().Task).ToBehaviour());
        for (var time = 0; time < 3; time++)
        {
            var stream = await door.StreamAsync(Door.Chat($"leaving {time}", stream: true));
            await stream.NextAsync();
            stream.Dispose();
            await door.SettledAsync();
        }

        var unharmed = await door.App.GetAsync("health");
        door.Vendor.Script("gpt-4.1", (Five with { BreakBefore = 3 }).ToBehaviour());
        for (var time = 0; time < 2; time++)
        {
            using var stream = await door.StreamAsync(Door.Chat($"breaking {time}", stream: true));
            await stream.RestAsync();
        }

        Assert.Equal(("healthy", "degraded"), (unharmed.Text("status"), (await door.App.GetAsync("health")).Text("status")));
    }

    private static async Task<Reply> EmbedAsync(Door door, int times, string user = "ann")
    {
        Reply? last = null;
        for (var time = 0; time < times; time++)
        {
            last = await door.App.PostAsync("v1/embeddings", new JsonObject { ["userId"] = user, ["model"] = "text-embedding-3-large", ["input"] = $"a fox {time}" });
        }

        return last!;
    }

    private static JsonElement Provider(Reply health) => health.Body.GetProperty("providers").EnumerateArray().Single(provider => provider.GetProperty("name").GetString() == "openai");

    private static string? Fact(Reply reply, string name) => reply.Receipt.GetProperty(name).GetString();

    private static IEnumerable<string?> Outcomes(JsonElement parent) => parent.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("outcome").GetString());
}
