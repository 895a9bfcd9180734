using System.Text.Json;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Flow;

/// <summary>The whole app against stand-ins that speak the vendors' wire formats.</summary>
public sealed class FallbackFlowTests
{
    [Fact]
    public async Task When_the_chosen_model_times_out_the_same_providers_next_answers_at_the_selected_models_price()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script("gpt-4.1", Behaviour.Hang);
        // Long enough for the model that does answer, on any machine.
        await using var app = await StartAsync(openAI, textTimeoutMs: 3_000);

        var reply = await app.CompleteAsync("ann", "hello", "GPT_4_TURBO");

        Assert.Equal(200, reply.Status);
        Assert.Equal(("openai-gpt-4.1", "openai-gpt-4.1-mini", "timeout"), (Receipt(reply, "modelSelected"), Receipt(reply, "modelServed"), Receipt(reply, "fallbackReason")));
        Assert.Equal(["timeout", "ok"], reply.Receipt.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("outcome").GetString()));
        // 8 of 12 input tokens at $2 and 4 cached at $0.50, 8 output at $8 a million; × 1.5; ÷ $0.10 a credit: gpt-4.1's price, though mini served.
        Assert.Equal(0.001230m, reply.Number("creditsUsed"));
        // Mini costs us $0.40, $0.10 and $1.60. Whether gpt-4.1 bills us nobody knows: 18 input tokens at $2 and 1,024 output at $8, at most.
        Assert.Equal((0.0082444m, 0.008228m), (reply.Receipt.GetProperty("costUsd").GetDecimal(), reply.Receipt.GetProperty("uncertainCostUsd").GetDecimal()));
        Assert.Equal("openai-gpt-4.1-mini", reply.Headers["x-model-served"]);
        var history = (await app.GetAsync("credits/history?userId=ann")).Body.GetProperty("entries")[0];
        Assert.Equal(("openai-gpt-4.1", "openai-gpt-4.1-mini"), (history.GetProperty("modelSelected").GetString(), history.GetProperty("modelServed").GetString()));
    }

    [Fact]
    public async Task When_the_hold_has_lapsed_while_the_chosen_model_failed_nobody_else_is_asked()
    {
        var gate = new TaskCompletionSource();
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script("gpt-4.1", Behaviour.After(gate.Task, OpenAIStandIn.Error(500, "server_error", null, "The server had an error.")));
        await using var app = await StartAsync(openAI);
        var asking = app.CompleteAsync("ann", "hello", "GPT_4_TURBO");
        await Wait.UntilAsync(() => openAI.Requests.Count == 1, "the chosen model was asked");
        app.Clock.Advance(TimeSpan.FromMinutes(6));
        await app.Get<AccountStore>().ExecuteAsync("ann", new Sweep());

        gate.SetResult();

        Assert.Equal((502, "provider_failed"), ((await asking).Status, (await asking).Code));
        Assert.Single(openAI.Requests);
    }

    [Fact]
    public async Task When_the_premium_image_vendor_fails_the_standard_one_draws()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var fal = await FalStandIn.StartAsync();
        openAI.Script("gpt-image-1", OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));
        await using var app = await StartAsync(openAI, fal);

        var reply = await app.ImageAsync("ann", "a red fox");

        Assert.Equal((200, "fal", "standard", 0.003m), (reply.Status, reply.Text("provider"), reply.Text("tier"), reply.Number("cost")));
        Assert.Equal("openai-gpt-image-1", Receipt(reply, "modelSelected"));
        Assert.False(reply.Flag("downgraded"));
    }

    [Fact]
    public async Task When_everybody_fails_nothing_is_charged_and_the_free_image_is_given_back()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script(model: null, OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));
        await using var app = await StartAsync(openAI);

        var image = await app.ImageAsync("ann", "a red fox");
        var text = await app.PostAsync("complete", new { userId = "ann", prompt = "hello", model = "GPT_4_TURBO", chatId = "c-1" });

        Assert.All([image, text], reply => Assert.Equal((502, "provider_failed"), (reply.Status, reply.Code)));
        Assert.Equal(["unavailable", "unavailable", "unavailable"], text.Body.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("outcome").GetString()));
        var chat = await app.GetAsync("usage/chat/c-1?userId=ann");
        Assert.Equal((0, 1), (chat.Number("calls"), chat.Number("failures")));
        var status = await app.GetAsync("ai-credits-status?userId=ann");
        Assert.Equal((3m, 10m, 0m), (status.Number("freeRemainingToday"), status.Number("bonusCredits"), status.Number("heldCredits")));
        var usage = await app.Get<AccountHistory>().ReadUsageAsync("ann", AccountHistory.PageLimit, CancellationToken.None);
        Assert.Equal([UsageEvents.Failed, UsageEvents.Failed], usage.Select(line => line.Event));
    }

    [Fact]
    public async Task Refused_content_is_422_asks_nobody_else_and_costs_nothing()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var fal = await FalStandIn.StartAsync();
        openAI.Script("gpt-image-1", OpenAIStandIn.Error(400, "image_generation_user_error", "moderation_blocked", "Your request was rejected by the safety system."));
        await using var app = await StartAsync(openAI, fal);

        var reply = await app.ImageAsync("ann", "something nasty");

        Assert.Equal((422, "content_refused"), (reply.Status, reply.Code));
        Assert.Empty(fal.Requests);
        Assert.Equal(3, (await app.GetAsync("ai-credits-status?userId=ann")).Number("freeRemainingToday"));
    }

    [Fact]
    public async Task Usage_that_the_vendor_does_not_report_is_estimated_and_the_receipt_says_so()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script("gpt-4.1", OpenAIStandIn.MissingUsage);
        await using var app = await StartAsync(openAI);

        var reply = await app.CompleteAsync("ann", "hello", "GPT_4_TURBO");

        Assert.Equal("estimated", Receipt(reply, "usageSource"));
        Assert.True(reply.Number("creditsUsed") > 0);
    }

    [Theory]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(-5, -7)]
    public async Task Impossible_usage_neither_breaks_the_answer_nor_adds_credits(long input, long output)
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Usage = new StandInUsage(input, output);
        await using var app = await StartAsync(openAI);

        var reply = await app.CompleteAsync("ann", "hello", "GPT_4_TURBO");

        Assert.Equal(200, reply.Status);
        Assert.InRange((await app.GetAsync("credits?userId=ann")).Number("credits"), 0m, 10m);
    }

    [Fact]
    public async Task Absurd_usage_takes_what_the_account_has_and_the_rest_is_absorbed()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script("gpt-4.1", OpenAIStandIn.HugeUsage);
        await using var app = await StartAsync(openAI);

        var reply = await app.CompleteAsync("ann", "hello", "GPT_4_TURBO");

        Assert.Equal((200, 10m), (reply.Status, reply.Number("creditsUsed")));
        Assert.True(reply.Receipt.GetProperty("creditsAbsorbed").GetDecimal() > 0);
        Assert.Equal(0, (await app.GetAsync("credits?userId=ann")).Number("credits"));
    }

    [Fact]
    public async Task The_vendor_is_asked_for_the_admitted_output_tokens_and_never_sees_our_user_key()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var app = await StartAsync(openAI);

        await app.PostAsync("complete", new { prompt = "hello", model = "gpt-4.1", maxTokens = 100_000 }, Named(app, "ann"));

        var request = Assert.Single(openAI.Requests);
        var limit = request.Json["max_completion_tokens"] ?? request.Json["max_tokens"];
        Assert.Equal(2_048, limit!.GetValue<int>());
        Assert.DoesNotContain("ann", request.Body, StringComparison.Ordinal);
    }

    private static async Task<TestApp> StartAsync(OpenAIStandIn openAI, FalStandIn? fal = null, int textTimeoutMs = 60_000)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = openAI.V1,
            ["Providers:TextTimeoutMs"] = textTimeoutMs.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (fal is not null)
        {
            settings["Providers:Fal:ApiKey"] = FalStandIn.ApiKey;
            settings["Providers:Fal:BaseUrl"] = fal.BaseUrl;
        }

        return await TestApp.StartAsync(settings);
    }

    private static HttpClient Named(TestApp app, string user)
    {
        app.Http.DefaultRequestHeaders.Add("x-user-id", user);
        return app.Http;
    }

    private static string? Receipt(Reply reply, string name) =>
        reply.Receipt.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
