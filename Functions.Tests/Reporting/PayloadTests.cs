namespace ServerlessAi.Tests.Reporting;

/// <summary>Reports field by field, through HTTP, of a history that is known to the last token.</summary>
public sealed class PayloadTests
{
    private const string ProviderBreakdown = """
        {"openai":{"calls":2,"input_tokens":301000,"output_tokens":100500,"tokens":401500,"images":0,"cost":12.51,"credits":42,"failures":1,"error_rate":0.3333,"p50_ms":125,"p95_ms":932},
         "anthropic":{"calls":1,"input_tokens":10,"output_tokens":20,"tokens":30,"images":0,"cost":0.001,"credits":1,"failures":0,"error_rate":0,"p50_ms":87,"p95_ms":87}}
        """;

    private const string Percentages = """{"calls":{"gemini":0,"openai":0.6},"tokens":{"gemini":0,"openai":80.3},"cost":25.02}""";

    private const string BasicLimits = """
        {"spacing_ms":0,"requests_per_minute":60,"concurrent_jobs":3,"tokens_per_day":500000,"free_images_per_day":3,"cost_limit_usd":50,
         "providers":{"gemini":{"calls":1000,"tokens":1000000},"openai":{"calls":500,"tokens":500000}},"model_access":["starter","premium"],"monthly_cap_usd":50,
         "max_output_tokens":4096,"minimum_balance_usd":0.01}
        """;

    [Fact]
    public async Task The_dashboard_has_the_fields_of_the_contract()
    {
        await using var app = await StartAsync();

        Script.AssertIs($$"""
            {"success":true,"data":{
             "summary":{"user_id":"ann","plan_name":"Basic","status":"active","credits":267,"held_credits":0,"credits_used":43,"calls_today":2,"total_tokens":401530,"total_images":0,"failures":1,
              "error_rate":0.25,"alerts_this_month":1},
             "current_usage":{"billing_period":"2040-05","total_calls":3,"total_cost":12.511,"usage_status":"warning","provider_breakdown":{{ProviderBreakdown}},"usage_percentages":{{Percentages}} },
             "limits":{"plan_name":"Basic","limits":{{BasicLimits}} },
             "projections":{"projected_monthly_cost":25.022,"projected_usage_percentage":160.6},
             "alerts":[{"id":"204005-basic.tokens.openai-80","type":"limit","period":"204005","subject":"tokens.openai","threshold":80,"current_usage":401500,"limit":500000,"unit":"tokens","plan":"basic",
              "message":"401,500 of 500,000 tokens for tokens openai in 204005 are used (plan basic): 80 % or more.","created_at":"2040-05-16T12:00:00+00:00","read":false}] } }
            """, (await app.GetAsync("subscription/dashboard/ann")).Body);
    }

    [Fact]
    public async Task Usage_is_shown_by_provider_and_model_with_limits_and_percentages()
    {
        await using var app = await StartAsync();

        Script.AssertIs($$"""
            {"success":true,"data":{"billing_period":"2040-05","total_calls":3,"total_tokens":401530,"total_images":0,"total_cost":12.511,"credits_used":43,"failures":1,"error_rate":0.25,
             "downgrades":0,"usage_status":"warning","by_provider":{{ProviderBreakdown}},
             "by_model":[{"model":"openai-gpt-4.1","served_by":"openai-gpt-4.1","calls":2,"input_tokens":301000,"output_tokens":100500,"tokens":401500,"images":0,"cost":12.51,"credits":42},
              {"model":"openai-gpt-4.1","served_by":"anthropic-claude-haiku-4-5","calls":1,"input_tokens":10,"output_tokens":20,"tokens":30,"images":0,"cost":0.001,"credits":1}],
             "failures_by_code":{"provider_failed":1},"plan_name":"Basic","limits":{{BasicLimits}},
             "usage_percentages":{{Percentages}} } }
            """, (await app.GetAsync("subscription/usage/ann?period=2040-05")).Body);
        Assert.Equal(0, (await app.GetAsync("subscription/usage/ann?period=2040-04")).Body.GetProperty("data").GetProperty("total_calls").GetInt32());
        Assert.Equal((400, "invalid_request"), await StatusAsync(app, "subscription/usage/ann?period=May"));
    }

    [Fact]
    public async Task Trends_name_each_month_and_each_day_of_the_month_that_runs()
    {
        await using var app = await StartAsync();

        var data = (await app.GetAsync("subscription/usage/ann/trends?months=2")).Body.GetProperty("data");

        Script.AssertIs("""
            [{"period":"2040-04","calls":0,"failures":0,"error_rate":0,"tokens":0,"images":0,"cost":0,"credits":0},
             {"period":"2040-05","calls":3,"failures":1,"error_rate":0.25,"tokens":401530,"images":0,"cost":12.511,"credits":43}]
            """, data.GetProperty("months"));
        var days = data.GetProperty("days");
        Assert.Equal(16, days.GetArrayLength());
        Script.AssertIs("""{"period":"2040-05-15","calls":1,"failures":0,"error_rate":0,"tokens":1500,"images":0,"cost":0.01,"credits":2}""", days[14]);
        Script.AssertIs("""{"period":"2040-05-16","calls":2,"failures":1,"error_rate":0.3333,"tokens":400030,"images":0,"cost":12.501,"credits":41}""", days[15]);
        Assert.Equal((400, "invalid_request"), await StatusAsync(app, "subscription/usage/ann/trends?months=13"));
    }

    [Fact]
    public async Task Analytics_show_thirty_days_the_hit_rate_and_how_long_the_balance_lasts()
    {
        await using var app = await StartAsync();
        await app.CompleteAsync("bob", "the same");
        await app.CompleteAsync("bob", "the same");
        await app.Get<ServerlessAi.Accounts.Reports.CacheHits>().FlushAsync(CancellationToken.None);

        var body = (await app.GetAsync("credits/analytics?userId=ann")).Body;

        var fields = body.EnumerateObject().Select(field => field.Name);
        Assert.Equal(["from", "to", "generations", "monthlySpendUsd", "calls", "credits", "cacheHits", "cacheHitRate", "averages", "runway", "days", "models"], fields);
        Assert.Equal(("2040-04-17", "2040-05-16"), (body.GetProperty("from").GetString(), body.GetProperty("to").GetString()));
        Assert.Equal((0, 12.511m, 3, 43m), (body.GetProperty("generations").GetInt32(), body.GetProperty("monthlySpendUsd").GetDecimal(), body.GetProperty("calls").GetInt32(), body.GetProperty("credits").GetDecimal()));
        Script.AssertIs("""{"callsPerDay":1.5,"creditsPerDay":21.5,"creditsPerCall":14.3333,"tokensPerCall":133843.3333}""", body.GetProperty("averages"));
        Script.AssertIs("""{"credits":267,"creditsPerDay":21.5,"days":12.4,"emptyOn":"2040-05-28"}""", body.GetProperty("runway"));
        Assert.Equal(30, body.GetProperty("days").GetArrayLength());
        Script.AssertIs("""{"date":"2040-05-16","calls":2,"failures":1,"tokens":400030,"images":0,"credits":41,"costUsd":12.501,"cacheHits":0}""", body.GetProperty("days")[29]);
        Assert.Equal(2, body.GetProperty("models").GetArrayLength());
        var bob = (await app.GetAsync("credits/analytics?userId=bob")).Body;
        Assert.Equal((1, 0.5m, 1), (bob.GetProperty("cacheHits").GetInt32(), bob.GetProperty("cacheHitRate").GetDecimal(), bob.GetProperty("days")[29].GetProperty("cacheHits").GetInt32()));
    }

    [Fact]
    public async Task A_billing_history_has_plans_purchases_and_refunds()
    {
        await using var app = await StartAsync();
        await app.GiveAsync("ann", 50);

        var events = (await app.GetAsync("subscription/billing/ann")).Body.GetProperty("data").GetProperty("events");

        Assert.Equal(["purchase", "started"], events.EnumerateArray().Select(line => line.GetProperty("type").GetString()));
        Assert.Equal(["at", "type", "operation_id", "credits", "reason"], events[0].EnumerateObject().Select(field => field.Name));
        Assert.Equal((50m, "test"), (events[0].GetProperty("credits").GetDecimal(), events[0].GetProperty("reason").GetString()));
        Assert.Equal(["at", "type", "operation_id", "credits", "plan", "price", "period_start", "period_end", "reason"], events[1].EnumerateObject().Select(field => field.Name));
        Assert.Equal((300m, "basic", 29m), (events[1].GetProperty("credits").GetDecimal(), events[1].GetProperty("plan").GetString(), events[1].GetProperty("price").GetDecimal()));
    }

    [Fact]
    public async Task Credits_show_what_there_is_and_where_it_came_from()
    {
        await using var app = await StartAsync();

        Script.AssertIs("""
            {"userId":"ann","plan":"basic","credits":267,"paidCredits":0,"bonusCredits":267,"heldCredits":0,"usdPerCredit":0.1,"lowBalance":false,
             "grants":[{"kind":"plan","credits":257,"effectiveAt":"2040-05-15T12:00:00+00:00","expiresAt":"2040-06-15T12:00:00+00:00"},
              {"kind":"signUp","credits":10,"effectiveAt":"2040-05-15T12:00:00+00:00"}]}
            """, (await app.GetAsync("credits?userId=ann")).Body);
    }

    /// <summary>Two days of ann on Basic: 43 of 310 credits, $12.511, one failure, 80.3 % of a limit.</summary>
    internal static async Task<TestApp> StartAsync()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        app.Clock.Advance(TimeSpan.FromDays(-1));
        await app.SubscribeAsync("ann", "basic");
        await Script.CallAsync(app, "one", 2, 0.01m, 1_000, 500, ms: 120, chat: "c 1");
        app.Clock.Advance(TimeSpan.FromDays(1));
        await Script.CallAsync(app, "two", 40, 12.5m, 300_000, 100_000, ms: 900);
        await Script.CallAsync(app, "three", 1, 0.001m, 10, 20, served: "anthropic-claude-haiku-4-5", ms: 95, chat: "c 1");
        await Script.FailAsync(app, "four", "provider_failed");
        return app;
    }

    private static async Task<(int Status, string? Code)> StatusAsync(TestApp app, string path)
    {
        var reply = await app.GetAsync(path);
        return (reply.Status, reply.Code);
    }
}
