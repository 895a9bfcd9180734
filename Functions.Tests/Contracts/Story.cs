using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Tests.Reporting;

namespace ServerlessAi.Tests.Contracts;

/// <summary>The history that the example payloads tell of, known to the last token.</summary>
internal static class Story
{
    /// <summary>Two days of ann on Basic: 43 of 310 credits, $12.511, one failure, 80.3 % of a limit.</summary>
    internal static async Task<TestApp> StartAsync()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        app.Clock.Advance(TimeSpan.FromDays(-1));
        await SubscribeAsync(app, "order-1", "ann", "basic");
        await Script.CallAsync(app, "one", 2, 0.01m, 1_000, 500, ms: 120, chat: "c 1");
        app.Clock.Advance(TimeSpan.FromDays(1));
        await Script.CallAsync(app, "two", 40, 12.5m, 300_000, 100_000, ms: 900);
        await Script.CallAsync(app, "three", 1, 0.001m, 10, 20, served: "anthropic-claude-haiku-4-5", ms: 95, chat: "c 1");
        await Script.FailAsync(app, "four", "provider_failed");
        return app;
    }

    /// <summary>As an admin's request does it, with an id that the test knows.</summary>
    public static async Task SubscribeAsync(TestApp app, string id, string user, string plan)
    {
        var list = await app.Get<PlanStore>().GetAsync(CancellationToken.None);
        Assert.IsType<PlanSet>(await app.Get<AccountStore>().ExecuteAsync(user, new SetPlan(id, list.Find(plan)!.ToTerms(), RenewalKind.Automatic, "set by an admin")));
    }
}
