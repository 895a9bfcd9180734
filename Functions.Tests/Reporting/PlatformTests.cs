using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Tests.Accounts;
using ServerlessAi.Tests.Contracts;
using SimulatedStorage = ServerlessAi.Simulator.Storage.SimulatedStorage;

namespace ServerlessAi.Tests.Reporting;

public sealed class PlatformTests
{
    [Fact]
    public async Task An_admin_sees_usage_revenue_and_margins_of_all_accounts()
    {
        await using var app = await Story.StartAsync();
        await app.GiveAsync("bob", 100);
        await Script.CallAsync(app, "b", 3, 0.1m, 100, 100, model: "gemini-3.8-flash", user: "bob");

        var body = (await app.GetAsync("manage/usage?period=2040-05", app.Admin)).Body;

        Payload.AssertSame("""
            {"period":"2040-05","calls":4,"failures":1,"errorRate":0.2,"costUsd":12.611,"unansweredCostUsd":0,"credits":46,"revenueUsd":4.6,"marginUsd":-8.011,"margin":-1.7415,
             "purchasedCredits":100,"refundedCredits":0,"income":[],
             "models":[{"model":"openai-gpt-4.1","calls":3,"tokens":401530,"images":0,"costUsd":12.511,"credits":43,"revenueUsd":4.3,"marginUsd":-8.211,"margin":-1.9095},
              {"model":"gemini-3.8-flash","calls":1,"tokens":200,"images":0,"costUsd":0.1,"credits":3,"revenueUsd":0.3,"marginUsd":0.2,"margin":0.6667}],
             "providers":{"anthropic":{"calls":1,"inputTokens":10,"outputTokens":20,"tokens":30,"images":0,"cost":0.001,"credits":1,"failures":0,"errorRate":0,"p50Ms":87,"p95Ms":87},
              "gemini":{"calls":1,"inputTokens":100,"outputTokens":100,"tokens":200,"images":0,"cost":0.1,"credits":3,"failures":0,"errorRate":0,"p50Ms":105,"p95Ms":105},
              "openai":{"calls":2,"inputTokens":301000,"outputTokens":100500,"tokens":401500,"images":0,"cost":12.51,"credits":42,"failures":1,"errorRate":0.3333,"p50Ms":125,"p95Ms":932}},
             "failuresByCode":{"provider_failed":1}}
            """, body);
        Payload.AssertSame("""{"period":"2040-05","state":"within","spentUsd":12.611,"projectedUsd":25.222}""", (await app.GetAsync("manage/budget", app.Admin)).Body);
        Assert.Equal(0, (await app.GetAsync("manage/usage?period=2040-04", app.Admin)).Number("calls"));
    }

    [Fact]
    public async Task What_a_crash_left_out_comes_back_when_spend_is_reconciled()
    {
        var (crashed, storage) = await TestApp.StartSimulatedAsync();
        await using var first = crashed;
        await Script.CallAsync(crashed, "one", 2, 0.5m, 10, 10);
        var (other, _) = await TestApp.StartSimulatedAsync(sharing: crashed, storage: storage);
        await using var second = other;
        Assert.Equal(0, (await other.GetAsync("manage/usage", other.Admin)).Number("calls"));

        await other.Get<SpendReconciler>().ReconcileAsync(CancellationToken.None);
        await other.Get<SpendReconciler>().ReconcileAsync(CancellationToken.None);

        var body = await other.GetAsync("manage/usage", other.Admin);
        Assert.Equal((1, 0.5m, 0.2m), (body.Number("calls"), body.Number("costUsd"), body.Number("revenueUsd")));
    }

    [Fact]
    public async Task What_was_bought_and_paid_back_counts_although_its_buyer_called_nothing()
    {
        await using var shop = await Payments.Shop.OpenAsync();
        await shop.SendAsync(shop.Refunded(await shop.BuyAndPayAsync("ann"), 100));
        var before = await shop.App.GetAsync("manage/usage", shop.App.Admin);

        shop.App.Clock.Advance(TimeSpan.FromHours(3));
        await shop.App.Get<SpendReconciler>().ReconcileAsync(CancellationToken.None);

        var after = await shop.App.GetAsync("manage/usage", shop.App.Admin);
        Assert.Equal((50, 10), (before.Number("purchasedCredits"), before.Number("refundedCredits")));
        Assert.Equal((50, 10), (after.Number("purchasedCredits"), after.Number("refundedCredits")));
    }

    [Fact]
    public async Task Of_two_flushes_at_once_the_older_sum_does_not_arrive_last()
    {
        var storage = new FaultyTransport(new SimulatedStorage(TimeProvider.System));
        await using var app = await TestApp.StartAsync(transport: storage, connectionString: SimulatedStorage.ConnectionString);
        var (use, writes) = (app.Get<PlatformUse>(), 0);
        var gate = new TaskCompletionSource();
        await Script.CallAsync(app, "one", 2, 0.5m, 10, 10);
        storage.Meanwhile = request => request.Method.Method is "PUT" && request.Uri.ToString().Contains("spend", StringComparison.OrdinalIgnoreCase) && Interlocked.Increment(ref writes) == 1
            ? gate.Task
            : Task.CompletedTask;
        var first = use.FlushAsync(CancellationToken.None);
        await Script.CallAsync(app, "two", 2, 0.5m, 10, 10);
        var second = use.FlushAsync(CancellationToken.None);
        gate.SetResult();
        await Task.WhenAll(first, second);

        Assert.Equal((2, 2L), (writes, (await use.ReadAsync("204005", CancellationToken.None)).ByModel.Values.Sum(model => model.Calls)));
    }

    [Fact]
    public void A_report_less_itself_is_nothing()
    {
        var line = new UsageRecord("one", UsageEvents.Success, WorkKind.Text, TestClock.Start, new UsageFacts("a", "b", "p", "premium", "provider") { InputTokens = 3, ProviderMs = 7 }) { ChargedMicro = 5, CostNanoUsd = 6 };
        var report = new MonthReport("204005").Count(new Tally("204005", "p", line)).Count(new Tally("204005", "p", line with { Event = UsageEvents.Failed, Reason = "provider_failed" }));

        var nothing = report - report;

        Assert.Equal((default, 0, 0), (nothing.Total(), nothing.UnansweredCostNanoUsd, nothing.Failures["provider_failed"]));
        Assert.Equal((2, 10), ((report + report).Total().Calls, (report + report).Total().ChargedMicro));
        Assert.All(nothing.ByProvider.Values.SelectMany(provider => provider.Times.Values), count => Assert.Equal(0, count));
    }

    [Fact]
    public void Quantiles_are_at_most_ten_percent_off()
    {
        foreach (var ms in Enumerable.Range(1, 600).Select(i => i * i))
        {
            var times = System.Collections.Immutable.ImmutableSortedDictionary<int, long>.Empty.Add(ResponseTimes.BucketOf(ms), 9);
            Assert.InRange(ResponseTimes.Quantile(times, 0.95)!.Value, Math.Floor(ms * 0.9), Math.Ceiling(ms * 1.1));
        }
    }

    [Fact]
    public void Of_more_than_a_hundred_models_the_rest_counts_together_and_a_month_stays_small()
    {
        var report = new MonthReport("204005");
        for (var i = 0; i < 300; i++)
        {
            var facts = new UsageFacts($"openai-some-model-{i}", $"openai-some-model-{i}", $"provider-{i % 8}", "premium", "provider") { InputTokens = 123_456, OutputTokens = 1_234, ProviderMs = i * 97 };
            report = report.Count(new Tally("204005", "openai", new UsageRecord("id", UsageEvents.Success, WorkKind.Text, TestClock.Start, facts) { ChargedMicro = 1_000_000, CostNanoUsd = 90_000_000 }));
        }

        Assert.Equal((101, 300, 200), (report.ByModel.Count, report.Total().Calls, report.ByModel["other>other"].Calls));
        Assert.InRange(ServerlessAi.Storage.StoredJson.Write(report).Length, 1, 32_000);
    }
}
