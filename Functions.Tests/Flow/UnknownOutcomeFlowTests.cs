using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>What a vendor may bill us for although we got nothing from it is on record, and nobody is charged for it.</summary>
public sealed class UnknownOutcomeFlowTests
{
    // gpt-image-1 costs $0.08 an image, flux at fal.ai $0.003.
    private const long PremiumNanoUsd = 80_000_000;
    private const long StandardNanoUsd = 3_000_000;

    [Fact]
    public async Task A_lost_call_counts_its_worst_case_when_another_model_answers()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var fal = await FalStandIn.StartAsync();
        openAI.Script("gpt-image-1", Behaviour.Reset);
        await using var app = await StartAsync(openAI, fal);

        var reply = await app.ImageAsync("ann", "a red fox");

        Assert.Equal((200, "connection_lost"), (reply.Status, reply.Receipt.GetProperty("fallbackReason").GetString()));
        await AssertCostAsync(app, PremiumNanoUsd + StandardNanoUsd, PremiumNanoUsd);
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task Calls_that_all_went_unanswered_count_their_worst_cases_and_the_user_pays_nothing()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var fal = await FalStandIn.StartAsync();
        openAI.Script("gpt-image-1", Behaviour.Reset);
        fal.Script(model: null, Behaviour.BrokenJson);
        await using var app = await StartAsync(openAI, fal);

        var reply = await app.ImageAsync("ann", "a red fox");

        Assert.Equal((502, "provider_failed"), (reply.Status, reply.Code));
        await AssertCostAsync(app, PremiumNanoUsd + StandardNanoUsd, PremiumNanoUsd + StandardNanoUsd);
        await Ledger.AssertAsync(app, credits: 10, charges: 0);
    }

    [Fact]
    public async Task A_vendor_that_says_it_failed_costs_nothing()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script(model: null, OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));
        await using var app = await StartAsync(openAI);

        Assert.Equal(502, (await app.ImageAsync("ann", "a red fox")).Status);
        await AssertCostAsync(app, 0, 0);
    }

    [Fact]
    public async Task When_something_breaks_that_nobody_expected_the_worst_case_counts()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.CompleteAsync("ann", "warm up");
        var before = (await app.Get<AccountStore>().ReadAsync("ann")).Month.CostNanoUsd;
        transport.Choose = request => request.Uri.ToString().Contains("/images-", StringComparison.Ordinal) ? throw new InvalidOperationException("A bug.") : Fault.None;

        Assert.Equal(500, (await app.ImageAsync("ann", "a red fox")).Status);

        var month = (await app.Get<AccountStore>().ReadAsync("ann")).Month;
        Assert.Equal((PremiumNanoUsd, PremiumNanoUsd), (month.CostNanoUsd - before, month.UncertainCostNanoUsd));
    }

    [Fact]
    public async Task What_an_instance_that_died_had_under_way_counts_its_worst_case_and_the_audit_tells_it_apart()
    {
        await using var app = await TestApp.StartAsync();
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("orphan"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));

        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        var audit = await app.GetAsync("manage/audit", app.Admin);
        Assert.Equal((true, 0.08m, 0.08m), (audit.Flag("conserved"), audit.Number("costUsd"), audit.Number("uncertainCostUsd")));
    }

    [Fact]
    public async Task What_becomes_known_days_later_is_in_the_rows_of_a_day_on_which_nothing_else_was()
    {
        await using var app = await TestApp.StartAsync();
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("orphan"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));
        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);
        app.Clock.Advance(TimeSpan.FromDays(3));

        await app.Get<AccountStore>().ExecuteAsync("ann", new Release("orphan", "provider_failed", CostNanoUsd: 80_000_000));

        var audit = await app.GetAsync("manage/audit", app.Admin);
        Assert.Equal((true, 0.08m, 0m), (audit.Flag("conserved"), audit.Number("costUsd"), audit.Number("uncertainCostUsd")));
    }

    private static async Task AssertCostAsync(TestApp app, long costNanoUsd, long uncertainNanoUsd)
    {
        var proof = await app.Get<Auditor>().ProveAsync("ann", CancellationToken.None).SingleAsync();
        Assert.Empty(proof.Problems);
        Assert.Equal((costNanoUsd, uncertainNanoUsd), (proof.CostNanoUsd, proof.UncertainCostNanoUsd));
        var state = await app.Get<AccountStore>().ReadAsync("ann");
        Assert.Equal((costNanoUsd, uncertainNanoUsd), (state.Day.CostNanoUsd, state.Day.UncertainCostNanoUsd));
        Assert.Equal((costNanoUsd, uncertainNanoUsd), (state.Month.CostNanoUsd, state.Month.UncertainCostNanoUsd));
        Assert.Equal(costNanoUsd, await app.Get<PlatformSpend>().ReadMonthAsync(CancellationToken.None));
    }

    private static Task<TestApp> StartAsync(OpenAIStandIn openAI, FalStandIn? fal = null) => TestApp.StartAsync(new Dictionary<string, string?>
    {
        ["Plans:Items:free:FreeImagesPerDay"] = "0",
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = openAI.V1,
        ["Providers:Fal:ApiKey"] = fal is null ? null : FalStandIn.ApiKey,
        ["Providers:Fal:BaseUrl"] = fal?.BaseUrl ?? "https://fal.run",
    });
}
