using ServerlessAi.Accounts;
using ServerlessAi.Tests.Contracts;

namespace ServerlessAi.Tests.Reporting;

public sealed class AdviceTests
{
    [Fact]
    public async Task A_cheaper_model_that_can_do_the_same_is_recommended_with_its_arithmetic()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Providers:OpenAI:ApiKey"] = "a-key-of-tests", ["Credits:SignUp"] = "1000" });
        await using var running = app;
        await Script.CallAsync(app, "one", 3, 0.1m, 100_000, 50_000);
        app.Clock.Advance(TimeSpan.FromDays(20));

        var data = (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data");

        Assert.Equal(["period", "models", "current_plan", "plan_saves", "plans"], data.EnumerateObject().Select(field => field.Name).Where(name => name != "better_plan"));
        var advice = Assert.Single(data.GetProperty("models").EnumerateArray());
        Assert.Equal(["model", "instead", "calls", "credits_now", "credits_then", "saves", "arithmetic"], advice.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("openai-gpt-4.1", "openai-gpt-4.1-nano"), (advice.GetProperty("model").GetString(), advice.GetProperty("instead").GetString()));
        Assert.Equal(advice.GetProperty("saves").GetDecimal(), advice.GetProperty("credits_now").GetDecimal() - advice.GetProperty("credits_then").GetDecimal());
        Assert.Equal("2040-05", data.GetProperty("period").GetString());
    }

    [Fact]
    public async Task A_plan_is_recommended_when_it_would_have_been_cheaper_and_its_limits_fit()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Credits:SignUp"] = "1000" });
        await using var running = app;
        await Script.CallAsync(app, "one", 95, 0.1m, 1, 1);

        var data = (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data");

        // 95 credits: $9.50 at ten cents each; Starter grants 100 for $9.
        Assert.Equal(("free", "starter", 0.5m), (data.GetProperty("current_plan").GetString(), data.GetProperty("better_plan").GetString(), data.GetProperty("plan_saves").GetDecimal()));
        Payload.AssertSame(
            """{"plan":"starter","price":9,"credits_granted":100,"credits_bought":0,"total":9,"fits":true,"arithmetic":"$9 + (95 used - 100 granted, at least 0) credits at $0.10 = $9.00"}""",
            data.GetProperty("plans").EnumerateArray().Single(plan => plan.GetProperty("plan").GetString() == "starter"));
    }

    [Fact]
    public async Task The_present_plan_counts_at_what_was_agreed_and_no_running_month_speaks_for_a_cheaper_one()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Credits:SignUp"] = "1000" });
        await using var running = app;
        await app.SubscribeAsync("ann", "basic");
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "manage/plans/basic", new { price_usd = 49, credits = 10 }, app.Admin)).Status);
        await Script.CallAsync(app, "one", 20, 0.1m, 1, 1);

        var early = (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data");
        app.Clock.Advance(TimeSpan.FromDays(31));
        var later = (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data");

        Assert.False(early.TryGetProperty("better_plan", out _));
        Assert.Equal(("free", 27m), (later.GetProperty("better_plan").GetString(), later.GetProperty("plan_saves").GetDecimal()));
        Assert.All(new[] { early, later }, data =>
        {
            var present = data.GetProperty("plans").EnumerateArray().Single(plan => plan.GetProperty("plan").GetString() == "basic");
            Assert.Equal((29m, 300m), (present.GetProperty("price").GetDecimal(), present.GetProperty("credits_granted").GetDecimal()));
        });
    }

    [Fact]
    public async Task Credits_that_expire_before_they_are_reached_make_no_runway_longer()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Credits:SignUp"] = "0" });
        await using var running = app;
        await app.Get<AccountStore>().ExecuteAsync("ann", new Grant("plan", GrantKind.Plan, 300_000_000, "test") { ExpiresAt = app.Clock.GetUtcNow().AddDays(3) });
        await app.Get<AccountStore>().ExecuteAsync("ann", new Grant("bought", GrantKind.Purchase, 10_000_000, "test"));
        await Script.CallAsync(app, "one", 1, 0.1m, 1, 1);

        var runway = (await app.GetAsync("credits/analytics?userId=ann")).Body.GetProperty("runway");

        // One credit a day: three days of the plan's, then ten of one's own.
        Assert.Equal((309m, 13m, "2040-05-29"), (runway.GetProperty("credits").GetDecimal(), runway.GetProperty("days").GetDecimal(), runway.GetProperty("emptyOn").GetString()));
    }

    [Theory]
    [InlineData(5, 31)]
    [InlineData(0.5, 160)]
    public async Task A_month_is_projected_at_the_pace_since_the_account_was_opened(double days, int expected)
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Credits:SignUp"] = "1000" });
        await using var running = app;
        app.Clock.Advance(new DateTimeOffset(2040, 5, 16, 12, 0, 0, TimeSpan.Zero) - app.Clock.GetUtcNow());
        await Script.CallAsync(app, "one", 1, 10, 1, 1);
        app.Clock.Advance(TimeSpan.FromDays(days));

        var data = (await app.GetAsync("subscription/dashboard/ann")).Body.GetProperty("data");

        // $10 in five days and $2 a day for 10.5 more; or $10 in a day, which is the least, and $10 a day for 15 more.
        Assert.Equal(expected, data.GetProperty("projections").GetProperty("projected_monthly_cost").GetDecimal());
    }

    [Fact]
    public async Task What_the_cache_of_a_vendor_knew_is_counted_at_its_price_and_another_vendors_cache_as_empty()
    {
        await using var app = await TwoVendorsAsync();
        // (50,000 at $2 + 950,000 at $0.20 + 10,000 at $8) a million = $0.37; at the other's $1 and $4 a million $1.04. At full prices it would be $2.08 and $1.04.
        await Script.CallAsync(app, "cached", 3.7m, 0.37m, 1_000_000, 10_000, "acme-cachy", cached: 950_000);

        Assert.Empty((await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data").GetProperty("models").EnumerateArray());

        await Script.CallAsync(app, "full", 20.8m, 2.08m, 1_000_000, 10_000, "acme-cachy");

        Payload.AssertSame(
            """
            [{"model":"acme-cachy","instead":"other-flat","calls":2,"credits_now":24.5,"credits_then":20.8,"saves":3.7,
              "arithmetic":"2 calls, 2000000 tokens in, 950000 of them cached, 20000 tokens out: 24.5 credits with acme-cachy (cached at $0.2 a million), 20.8 with other-flat (cached by another vendor: at the full price)."}]
            """,
            (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data").GetProperty("models"));
    }

    [Fact]
    public async Task A_model_with_room_for_the_longest_call_is_recommended_however_large_the_one_that_was_used_is()
    {
        await using var app = await TwoVendorsAsync();
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/acme-cachy", new { context_window = 1_000_000, max_output_tokens = 60_000 }, app.Admin);
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/other-flat", new { context_window = 128_000, max_output_tokens = 4_000, input_price = 0.000_1, output_price = 0.000_1 }, app.Admin);

        await Script.CallAsync(app, "short", 4, 0.1m, 124_000, 4_000, "acme-cachy");
        Assert.Equal(["other-flat"], await InsteadAsync(app));

        await Script.CallAsync(app, "too long with its answer", 4, 0.1m, 124_001, 100, "acme-cachy");
        Assert.Empty(await InsteadAsync(app));
    }

    [Fact]
    public async Task A_model_without_eyes_and_hands_is_recommended_until_a_call_has_pictures_or_tools()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Credits:SignUp"] = "10000" });
        await using var running = app;
        foreach (var (name, price, able) in new[] { ("able", 1_000m, true), ("plain", 0.000_1m, false) })
        {
            var model = new { provider = "openai", model_name = name, tier = "premium", input_price = price, output_price = price, profit_multiplier = 1, vision = able, tools = able };
            Assert.Equal(201, (await app.PostAsync("manage/model-prices", model, app.Admin)).Status);
        }

        var words = new[] { new { role = "user", content = "Hello" } };
        var picture = new[] { new { role = "user", content = new object[] { new { type = "image_url", image_url = new { url = "https://example.com/a.png" } } } } };
        var tool = new { type = "function", function = new { name = "now", parameters = new { type = "object" } } };
        await AskAsync("words", new { model = "openai-able", user = "u", messages = words });
        Assert.Equal(["openai-plain"], await InsteadAsync(app, "words"));
        await AskAsync("words", new { model = "openai-able", user = "u", messages = words, tools = new[] { tool } });
        Assert.DoesNotContain("openai-plain", await InsteadAsync(app, "words"));
        await AskAsync("eyes", new { model = "openai-able", user = "u", messages = picture });
        Assert.DoesNotContain("openai-plain", await InsteadAsync(app, "eyes"));

        async Task AskAsync(string user, object body)
        {
            app.Clock.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, "v1/chat/completions", body, change: request => request.Headers.Add("x-user-id", user))).Status);
        }
    }

    [Fact]
    public async Task Where_the_length_of_some_calls_is_not_known_only_a_model_as_large_is_recommended()
    {
        await using var app = await TwoVendorsAsync();
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/acme-cachy", new { context_window = 1_000_000 }, app.Admin);
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/other-flat", new { context_window = 128_000 }, app.Admin);
        await Script.CallAsync(app, "short", 40, 0.1m, 1_000, 400, "acme-cachy");
        Assert.Equal(["other-flat"], await InsteadAsync(app));

        // As a row from before lengths were kept.
        var client = await app.Get<ServerlessAi.Storage.Tables>().GetAsync(ServerlessAi.Storage.TableNames.Accounts);
        var row = (await client.GetEntityAsync<Azure.Data.Tables.TableEntity>("ann", "report|204005")).Value;
        var report = ServerlessAi.Accounts.Reports.ReportRows.ToMonth(row);
        var old = report with { ByModel = report.ByModel.SetItem("acme-cachy>acme-cachy", report.ByModel["acme-cachy>acme-cachy"] with { Sizes = null }) };
        await client.UpsertEntityAsync(ServerlessAi.Accounts.Reports.ReportRows.ToEntity("ann", old), Azure.Data.Tables.TableUpdateMode.Replace);

        Assert.Empty(await InsteadAsync(app));
    }

    [Fact]
    public async Task A_plan_that_keeps_fewer_images_than_there_are_does_not_fit_and_a_full_gallery_shows_in_the_usage()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        await app.SendAsync(HttpMethod.Put, "manage/plans/starter", new { limits = new { images = 2 } }, app.Admin);
        await app.SubscribeAsync("ann", "starter");
        Assert.Equal(200, (await app.ImageAsync("ann", "a fox")).Status);
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(200, (await app.ImageAsync("ann", "an owl")).Status);
        app.Clock.Advance(TimeSpan.FromMinutes(1));

        var usage = (await app.GetAsync("subscription/dashboard/ann")).Body.GetProperty("data").GetProperty("current_usage");
        Assert.Equal(("exceeded", 100), (usage.GetProperty("usage_status").GetString(), usage.GetProperty("usage_percentages").GetProperty("gallery").GetDecimal()));
        Assert.Equal("exceeded", (await app.GetAsync("subscription/usage/ann")).Body.GetProperty("data").GetProperty("usage_status").GetString());
        Assert.Equal([("starter", true), ("basic", true)], await FitsAsync());
        await app.SendAsync(HttpMethod.Put, "manage/plans/starter", new { limits = new { images = 1 } }, app.Admin);
        Assert.Equal([("starter", false), ("basic", true)], await FitsAsync());

        async Task<IEnumerable<(string?, bool)>> FitsAsync() => (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data").GetProperty("plans").EnumerateArray()
            .Where(plan => plan.GetProperty("plan").GetString() is "starter" or "basic")
            .Select(plan => (plan.GetProperty("plan").GetString(), plan.GetProperty("fits").GetBoolean()));
    }

    [Fact]
    public async Task A_plan_that_lacks_the_models_that_were_used_is_not_recommended()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        await app.SubscribeAsync("ann", "pro");
        await Script.CallAsync(app, "one", 95, 0.1m, 1, 1, model: "anthropic-claude-opus-4-5");
        app.Clock.Advance(TimeSpan.FromDays(31));

        var plans = (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data");

        Assert.Equal(
            [("free", false), ("starter", false), ("basic", true), ("premium", true), ("pro", true), ("enterprise", true)],
            plans.GetProperty("plans").EnumerateArray().Select(plan => (plan.GetProperty("plan").GetString(), plan.GetProperty("fits").GetBoolean())));
        Assert.Equal("basic", plans.GetProperty("better_plan").GetString());
    }

    [Fact]
    public async Task Free_images_are_nothing_that_another_model_could_save()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal) { ["Providers:Fal:ApiKey"] = "a-key-of-tests", ["Providers:OpenAI:ApiKey"] = "a-key-of-tests" });
        await using var running = app;
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/fal-flux-schnell", new { credits_per_image = 0.5 }, app.Admin);
        var book = (await app.Get<PlanStore>().GetAsync(CancellationToken.None)).Book;
        var offer = ServerlessAi.Tests.Accounts.World.ImageOffer("openai-gpt-image-1", 1.2m, freeQuota: true, 0.08m, isStandard: false) with { Provider = "openai" };
        await app.Get<AccountStore>().ExecuteAsync("ann", new Reserve("free", WorkKind.Image, [offer], book, TimeSpan.FromMinutes(5), PlatformOverBudget: false));
        await app.Get<AccountStore>().ExecuteAsync("ann", new Settle("free", 0, 80_000_000, new UsageFacts("openai-gpt-image-1", "openai-gpt-image-1", "openai", "premium", "provider") { Images = 1 }));
        Assert.Empty(await ModelsAsync());

        await Script.CallAsync(app, "paid", 1.2m, 0.08m, model: "openai-gpt-image-1", images: 1);

        var advice = Assert.Single(await ModelsAsync());
        Assert.Equal("2 calls, 2 images, 1 of them free: 1 credits with openai-gpt-image-1, 0.5 with fal-flux-schnell.", advice.GetProperty("arithmetic").GetString());

        async Task<List<System.Text.Json.JsonElement>> ModelsAsync() =>
            [.. (await app.GetAsync("subscription/recommendations/ann")).Body.GetProperty("data").GetProperty("models").EnumerateArray()];
    }

    private static async Task<List<string?>> InsteadAsync(TestApp app, string user = "ann") =>
        [.. (await app.GetAsync("subscription/recommendations/" + user)).Body.GetProperty("data").GetProperty("models").EnumerateArray().Select(model => model.GetProperty("instead").GetString())];

    private static async Task<TestApp> TwoVendorsAsync()
    {
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Credits:SignUp"] = "1000",
            ["Providers:Text:acme:BaseUrl"] = "https://acme.example/v1",
            ["Providers:Text:acme:ApiKey"] = "a-key-of-tests",
            ["Providers:Text:other:BaseUrl"] = "https://other.example/v1",
            ["Providers:Text:other:ApiKey"] = "a-key-of-tests",
        });
        var cachy = new { provider = "acme", model_name = "cachy", tier = "premium", input_price = 2, cached_input_price = 0.2, output_price = 8, profit_multiplier = 1 };
        var flat = new { provider = "other", model_name = "flat", tier = "premium", input_price = 1, output_price = 4, profit_multiplier = 1 };
        Assert.Equal(201, (await app.PostAsync("manage/model-prices", cachy, app.Admin)).Status);
        Assert.Equal(201, (await app.PostAsync("manage/model-prices", flat, app.Admin)).Status);
        return app;
    }
}
