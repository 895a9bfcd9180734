using System.Text.Json;

namespace ServerlessAi.Tests.Reporting;

/// <summary>Who has no account yet is shown what the first request will find.</summary>
public sealed class WelcomeTests
{
    [Fact]
    public async Task Every_report_shows_a_new_user_the_ten_credits_of_the_welcome()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var running = app;
        app.Clock.PerLook = TimeSpan.FromMilliseconds(1);

        Assert.Equal(10, (await app.GetAsync("ai-credits-status?userId=ann")).Number("bonusCredits"));
        Assert.Equal(10, (await app.GetAsync("balance?userId=ann")).Number("credits"));
        Assert.Equal(10, (await app.GetAsync("credits?userId=ann")).Number("credits"));
        Assert.Equal(10, Data(await app.GetAsync("subscription/dashboard/ann")).GetProperty("summary").GetProperty("credits").GetDecimal());
        Assert.Equal(10, (await app.GetAsync("credits/analytics?userId=ann")).Body.GetProperty("runway").GetProperty("credits").GetDecimal());
        var estimate = await app.PostAsync("estimate", new { userId = "ann", prompt = "hello", model = "OPUS_4" });
        Assert.Equal((10, true), (estimate.Number("availableCredits"), estimate.Flag("canAfford")));
        var batch = await app.PostAsync("estimate", new { userId = "ann", kind = "batch", items = new[] { new { prompt = "hello", model = "OPUS_4" } } });
        Assert.Equal((10, true), (batch.Number("availableCredits"), batch.Flag("canAfford")));
    }

    private static JsonElement Data(Reply reply) => reply.Body.GetProperty("data");
}
