using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Reporting;

/// <summary>A history that is known to the last token: calls carried out by the account's store, as requests do, with usage that the test says.</summary>
internal static class Script
{
    public static async Task CallAsync(
        TestApp app, string id, decimal credits, decimal costUsd, long input = 0, long output = 0, string model = "openai-gpt-4.1", string? served = null, int ms = 100, string? chat = null,
        string user = "ann", int images = 0, long cached = 0)
    {
        await ReserveAsync(app, id, credits, costUsd, model, user);
        var facts = new UsageFacts(model, served ?? model, Provider(served ?? model), "premium", "provider")
        {
            InputTokens = input,
            CachedInputTokens = cached,
            OutputTokens = output,
            ProviderMs = ms,
            ChatId = chat,
            Images = images,
        };
        Assert.IsType<Ended>(await app.Get<AccountStore>().ExecuteAsync(user, new Settle(id, Money.FromCredits(credits), Money.FromUsd(costUsd), facts)));
    }

    public static async Task FailAsync(TestApp app, string id, string code, decimal costUsd = 0, string model = "openai-gpt-4.1", string user = "ann")
    {
        await ReserveAsync(app, id, credits: 1, costUsd, model, user);
        Assert.IsType<Ended>(await app.Get<AccountStore>().ExecuteAsync(user, new Release(id, code, Money.FromUsd(costUsd))));
    }

    /// <summary>A call that has begun.</summary>
    public static async Task ReserveAsync(TestApp app, string id, decimal credits, decimal costUsd, string model, string user)
    {
        var book = (await app.Get<PlanStore>().GetAsync(CancellationToken.None)).Book;
        var offer = World.ImageOffer(model, credits, freeQuota: false, costUsd, isStandard: false) with { Provider = Provider(model) };
        var outcome = await app.Get<AccountStore>().ExecuteAsync(user, new Reserve(id, WorkKind.Text, [offer], book, TimeSpan.FromMinutes(5), PlatformOverBudget: false));
        Assert.True(outcome is Admitted, outcome.ToString());
    }

    private static string Provider(string model) => model.Split('-')[0];
}
