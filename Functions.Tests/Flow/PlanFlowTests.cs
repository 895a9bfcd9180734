using System.Text.Json;

namespace ServerlessAi.Tests.Flow;

public sealed class PlanFlowTests
{
    private static readonly string[] Shipped = ["free", "starter", "basic", "premium", "pro", "enterprise"];

    [Fact]
    public async Task The_plans_of_the_contract_are_on_offer_to_everybody()
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.GetAsync("subscription/plans");

        Assert.True(reply.Flag("success"));
        var plans = reply.Body.GetProperty("data").EnumerateArray().ToDictionary(plan => plan.GetProperty("id").GetString()!);
        Assert.Equal(Shipped, plans.Keys);
        Assert.Equal([0, 9, 29, 29, 79, 199], plans.Values.Select(plan => plan.GetProperty("price").GetInt32()));
        Assert.Equal([0, 100, 300, 500, 1000, 2000], plans.Values.Select(plan => plan.GetProperty("credits").GetInt32()));
        Assert.All(plans.Values, plan => Assert.Equal(("USD", "month"), (plan.GetProperty("currency").GetString(), plan.GetProperty("interval").GetString())));
        Assert.Equal((100, 100_000), Gemini("free"));
        Assert.Equal((1_000, 1_000_000), Gemini("basic"));
        Assert.Equal((5_000, 5_000_000), Gemini("pro"));
        Assert.Equal((500, 500_000), Provider("basic", "openai"));
        Assert.Equal((2_500, 2_500_000), Provider("pro", "openai"));
        Assert.Empty(Limits("enterprise").GetProperty("providers").EnumerateObject());
        Assert.Equal([50, 150, 500], new[] { "basic", "pro", "enterprise" }.Select(plan => Limits(plan).GetProperty("cost_limit_usd").GetInt32()));
        Assert.Equal([2048, 4096, 4096, 4096, 4096, 4096], Shipped.Select(plan => Limits(plan).GetProperty("max_output_tokens").GetInt32()));

        JsonElement Limits(string plan) => plans[plan].GetProperty("limits");
        (int, int) Gemini(string plan) => Provider(plan, "gemini");
        (int, int) Provider(string plan, string provider) =>
            (Limits(plan).GetProperty("providers").GetProperty(provider).GetProperty("calls").GetInt32(), Limits(plan).GetProperty("providers").GetProperty(provider).GetProperty("tokens").GetInt32());
    }

    [Fact]
    public async Task A_new_plan_takes_effect_without_a_restart()
    {
        await using var app = await TestApp.StartAsync();
        var added = await app.PostAsync(
            "manage/plans",
            new { id = "team", name = "Team", price_usd = 49.5, credits = 70, limits = new { spacing_ms = 0, free_images_per_day = 5, providers = new { openai = new { calls = 2 } } } },
            app.Admin);
        Assert.Equal(201, added.Status);

        await app.SubscribeAsync("ann", "team");

        Assert.Equal(5, (await app.GetAsync("ai-credits-status?userId=ann")).Number("freeRemainingToday"));
        Assert.Equal(80, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Contains((await app.GetAsync("subscription/plans")).Body.GetProperty("data").EnumerateArray(), plan => plan.GetProperty("id").GetString() == "team");
        var statuses = new List<int>();
        foreach (var prompt in new[] { "one", "two", "three" })
        {
            statuses.Add((await app.CompleteAsync("ann", prompt, "openai-gpt-4.1")).Status);
        }

        Assert.Equal([200, 200, 429], statuses);
    }

    [Fact]
    public async Task A_limit_that_is_used_up_is_429_with_usage_limit_and_when_it_starts_anew()
    {
        await using var app = await TestApp.StartAsync();
        await app.SendAsync(HttpMethod.Put, "manage/plans/free", new { limits = new { providers = new { anthropic = new { calls = 1 } } } }, app.Admin);
        Assert.Equal(200, (await app.CompleteAsync("ann", "one")).Status);

        var refused = await app.CompleteAsync("ann", "two");

        Assert.Equal((429, "usage_limit_exceeded"), (refused.Status, refused.Code));
        Assert.Equal(("calls", "anthropic", "free"), (refused.Text("limitType"), refused.Text("provider"), refused.Text("plan")));
        Assert.Equal((1m, 1m), (refused.Number("currentUsage"), refused.Number("limit")));
        Assert.Equal(1, refused.Body.GetProperty("resetsAt").GetDateTimeOffset().Day);
        Assert.True(refused.Headers.ContainsKey("Retry-After"));
        Assert.Equal(100, (await app.GetAsync("manage/plans/free", app.Admin)).Body.GetProperty("limits").GetProperty("providers").GetProperty("gemini").GetProperty("calls").GetInt32());
    }

    [Fact]
    public async Task Null_takes_a_limit_away_and_what_is_not_said_stays()
    {
        await using var app = await TestApp.StartAsync();

        var changed = await app.SendAsync(HttpMethod.Put, "manage/plans/basic", new { limits = new { cost_limit_usd = (int?)null, providers = new { gemini = (object?)null } } }, app.Admin);

        var limits = changed.Body.GetProperty("limits");
        Assert.False(limits.TryGetProperty("cost_limit_usd", out _));
        Assert.Equal(["openai"], limits.GetProperty("providers").EnumerateObject().Select(provider => provider.Name));
        Assert.Equal((29m, 3), (changed.Number("price_usd"), limits.GetProperty("concurrent_jobs").GetInt32()));
    }

    [Theory]
    [InlineData("{\"id\":\"Team\",\"name\":\"x\"}")]
    [InlineData("{\"id\":\"team\"}")]
    [InlineData("{\"id\":\"team\",\"name\":\"x\",\"price_usd\":-1}")]
    [InlineData("{\"id\":\"team\",\"name\":\"x\",\"price_usd\":0.001}")]
    [InlineData("{\"id\":\"team\",\"name\":\"x\",\"credits\":1e20}")]
    [InlineData("{\"id\":\"team\",\"name\":\"x\",\"limits\":{\"concurrent_jobs\":0}}")]
    [InlineData("{\"id\":\"team\",\"name\":\"x\",\"limits\":{\"providers\":{\"openai\":{\"calls\":-1}}}}")]
    [InlineData("{\"id\":\"team\",\"name\":\"x\",\"limits\":{\"providers\":{\"openai\":null,\"x y\":{}}}}")]
    [InlineData("{\"id\":\"team\",\"name\":\"x\",\"limit\":{}}")]
    [InlineData("[]")]
    public async Task A_plan_that_makes_no_sense_is_400_and_changes_nothing(string body)
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.SendAsync(HttpMethod.Post, "manage/plans", body: null, app.Admin, request => request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
        Assert.Equal(404, (await app.GetAsync("manage/plans/team", app.Admin)).Status);
    }

    [Theory]
    [InlineData("Plans:Items:free:Providers:OpenAI:Calls")]
    [InlineData("Plans:Items:Free:Providers:OPENAI:Calls")]
    public async Task A_limit_from_settings_counts_however_its_plan_and_provider_are_spelled(string setting)
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { [setting] = "1", ["Plans:Items:free:SpacingMs"] = "0" });

        var limits = (await app.GetAsync("subscription/plans")).Body.GetProperty("data")[0].GetProperty("limits").GetProperty("providers");

        Assert.Equal((1, 100), (limits.GetProperty("openai").GetProperty("calls").GetInt32(), limits.GetProperty("gemini").GetProperty("calls").GetInt32()));
        Assert.Equal((200, 429), ((await app.CompleteAsync("ann", "one", "openai-gpt-4.1")).Status, (await app.CompleteAsync("ann", "two", "openai-gpt-4.1")).Status));
    }

    [Fact]
    public async Task A_plan_is_the_same_whatever_the_case_of_its_id_in_an_address()
    {
        await using var app = await TestApp.StartAsync();
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "manage/plans/STARTER", new { price_usd = 12 }, app.Admin)).Status);

        Assert.Equal(12, (await app.GetAsync("manage/plans/Starter", app.Admin)).Number("price_usd"));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "manage/plans/STARTER", new { price_usd = 13 }, app.Admin)).Status);
        Assert.Equal(400, (await app.PostAsync("manage/plans", new { id = "gold\n", name = "Gold" }, app.Admin)).Status);
    }

    [Fact]
    public async Task A_withdrawn_plan_is_kept_by_those_who_have_it()
    {
        await using var app = await TestApp.StartAsync();
        await app.SubscribeAsync("ann", "premium");

        await app.SendAsync(HttpMethod.Delete, "manage/plans/premium", client: app.Admin);

        Assert.DoesNotContain((await app.GetAsync("subscription/plans")).Body.GetProperty("data").EnumerateArray(), plan => plan.GetProperty("id").GetString() == "premium");
        Assert.Equal(200, (await app.CompleteAsync("ann", "still there", "OPUS_4_1")).Status);
    }

    [Fact]
    public async Task Two_changes_of_a_plan_at_once_do_not_undo_each_other()
    {
        await using var app = await TestApp.StartAsync();
        var read = await app.GetAsync("manage/plans/pro", app.Admin);
        await app.SendAsync(HttpMethod.Put, "manage/plans/pro", new { price_usd = 80 }, app.Admin);

        var late = await app.SendAsync(HttpMethod.Put, "manage/plans/pro", new { price_usd = 90 }, app.Admin, request => request.Headers.TryAddWithoutValidation("If-Match", read.Headers["ETag"]));

        Assert.Equal(412, late.Status);
        Assert.Equal(80m, (await app.GetAsync("manage/plans/pro", app.Admin)).Number("price_usd"));
    }

    [Fact]
    public async Task Models_above_a_plan_are_403_and_with_the_plan_200()
    {
        await using var app = await TestApp.StartAsync();
        var refused = await app.CompleteAsync("ann", "hello", "CLAUDE_3_5");
        Assert.Equal((403, "model_not_allowed", "starter"), (refused.Status, refused.Code, refused.Text("requires")));

        await app.SubscribeAsync("ann", "starter");
        Assert.Equal(403, (await app.CompleteAsync("ann", "hello", "OPUS_4_1")).Status);
        app.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(200, (await app.CompleteAsync("ann", "hello", "CLAUDE_3_5")).Status);
    }

    [Fact]
    public async Task Prices_show_what_a_caller_pays_and_follow_the_admin_at_once()
    {
        await using var app = await TestApp.StartAsync();
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { input_price = 3, profit_multiplier = 2 }, app.Admin);

        var data = (await app.GetAsync("subscription/pricing")).Body.GetProperty("data");

        var model = data.GetProperty("providers").GetProperty("openai").EnumerateArray().Single(entry => entry.GetProperty("model").GetString() == "openai-gpt-4.1");
        Assert.Equal((6m, 16m, 2), (model.GetProperty("input_usd_per_million").GetDecimal(), model.GetProperty("output_usd_per_million").GetDecimal(), model.GetProperty("price_version").GetInt32()));
        var haiku = data.GetProperty("providers").GetProperty("anthropic").EnumerateArray().Single(entry => entry.GetProperty("aliases")[0].GetString() == "OPUS_4");
        Assert.Equal(10m, haiku.GetProperty("input_usd_per_million").GetDecimal());
    }
}
