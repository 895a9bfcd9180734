using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Flow;

/// <summary>Vendors by settings and models by data, through the whole app.</summary>
public sealed class CatalogFlowTests
{
    [Fact]
    public async Task A_compatible_vendor_and_its_model_need_settings_and_data_alone()
    {
        await using var acme = await CompatibleStandIn.StartAsync();
        await using var app = await StartAsync(acme);

        await AddAsync(app, "acme-large", window: 128_000);
        var reply = await app.CompleteAsync("ann", "hello", "ACME-LARGE");

        Assert.Equal((200, "Hello from the stand-in.", "acme", 20m), (reply.Status, reply.Text("text"), reply.Text("provider"), reply.Number("tokens")));
        // 12 tokens in at $1 and 8 out at $2 a million, × 1, ÷ $0.10 a credit.
        Assert.Equal(0.000280m, reply.Number("creditsUsed"));
    }

    [Fact]
    public async Task A_prompt_longer_than_the_window_is_refused_and_nothing_is_reserved_or_asked()
    {
        await using var acme = await CompatibleStandIn.StartAsync();
        await using var app = await StartAsync(acme);
        await AddAsync(app, "acme-small", window: 100);

        var reply = await app.CompleteAsync("ann", new string('x', 400), "acme-small");

        Assert.Equal((400, "invalid_request", 150m, 100m), (reply.Status, reply.Code, reply.Number("inputTokens"), reply.Number("contextWindow")));
        Assert.Empty(acme.Requests);
        Assert.Equal((10m, 0m), await CreditsAsync(app));
    }

    [Fact]
    public async Task The_vendor_is_asked_for_no_more_than_the_window_holds_and_no_narrower_model_takes_over()
    {
        await using var acme = await CompatibleStandIn.StartAsync();
        await using var app = await StartAsync(acme);
        await AddAsync(app, "acme-small", window: 100);
        await AddAsync(app, "acme-large", window: 200);
        acme.Script("acme-large", CompatibleStandIn.Error(500, "server_error", code: null, "Broken."));

        var reply = await app.CompleteAsync("ann", new string('x', 400), "acme-large", maxTokens: 1_000);

        Assert.Equal((502, "provider_failed"), (reply.Status, reply.Code));
        Assert.Equal(["acme-large"], acme.Requests.Select(request => request.Json["model"]!.GetValue<string>()));
        Assert.Equal(50, acme.Requests[0].Json["max_tokens"]!.GetValue<int>());
        Assert.Equal((10m, 0m), await CreditsAsync(app));
    }

    [Fact]
    public async Task What_a_model_can_do_is_data_that_an_admin_reads_and_changes()
    {
        await using var app = await TestApp.StartAsync();

        var changed = await app.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { context_window = 500_000, vision = false }, app.Admin);

        Assert.Equal((500_000m, false, true), (changed.Number("context_window"), changed.Flag("vision"), changed.Flag("tools")));
        Assert.Equal(1, changed.Number("price_version"));
        Assert.Equal(400, (await app.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { context_window = -1 }, app.Admin)).Status);
    }

    private static Task<TestApp> StartAsync(CompatibleStandIn acme) => TestApp.StartAsync(new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
    {
        ["Providers:Text:acme:BaseUrl"] = acme.Address,
        ["Providers:Text:acme:ApiKey"] = CompatibleStandIn.ApiKey,
    });

    private static async Task AddAsync(TestApp app, string name, int window)
    {
        var added = await app.PostAsync(
            "manage/model-prices", new { provider = "acme", model_name = name, context_window = window, input_price = 1, output_price = 2 }, app.Admin);
        Assert.Equal(201, added.Status);
    }

    private static async Task<(decimal Credits, decimal Held)> CreditsAsync(TestApp app)
    {
        var status = await app.GetAsync("ai-credits-status?userId=ann");
        return (status.Number("bonusCredits"), status.Number("heldCredits"));
    }
}
