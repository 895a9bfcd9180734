using System.Text.Json;

namespace ServerlessAi.Tests.Notifications;

/// <summary>What users choose to be told, over HTTP.</summary>
public sealed class PreferenceTests : IAsyncLifetime
{
    private NotifyWorld world = null!;

    public async Task InitializeAsync() => world = await NotifyWorld.StartAsync();

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task A_webhooks_secret_is_shown_once_and_made_anew_with_another_URL_or_on_demand()
    {
        var first = await SetAsync(new { webhookUrl = "https://example.com/one" });
        var same = await SetAsync(new { webhookUrl = "https://example.com/one", kinds = new { gift = Array.Empty<string>() } });
        var anew = await SetAsync(new { webhookUrl = "https://example.com/one", newSecret = true });
        var other = await SetAsync(new { webhookUrl = "https://example.com/two" });
        var read = await world.App.GetAsync("notifications/preferences?userId=ann");

        Assert.Matches("^whsec_[0-9A-Za-z+/=]{64,}$", first.Text("webhookSecret"));
        Assert.Equal((null, null), (same.Text("webhookSecret"), read.Text("webhookSecret")));
        Assert.Equal(3, new[] { first, anew, other }.Select(reply => reply.Text("webhookSecret")).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(("https://example.com/two", true), (read.Text("webhookUrl"), read.Flag("webhookActive")));
    }

    [Fact]
    public async Task What_is_left_out_is_given_up_and_kinds_go_everywhere_unless_chosen()
    {
        await SetAsync(new { webhookUrl = "https://example.com/one", kinds = new { limit = new[] { "webhook" }, weekly_summary = Array.Empty<string>() } });
        var chosen = (await world.App.GetAsync("notifications/preferences?userId=ann")).Body.GetProperty("kinds");
        await SetAsync(new { });
        var none = await world.App.GetAsync("notifications/preferences?userId=ann");

        Assert.Equal(("[\"webhook\"]", "[]", 2), (chosen.GetProperty("limit").GetRawText(), chosen.GetProperty("weekly_summary").GetRawText(), chosen.GetProperty("gift").GetArrayLength()));
        Assert.Equal((null, false, JsonValueKind.Array), (none.Text("webhookUrl"), none.Flag("webhookActive"), none.Body.GetProperty("kinds").GetProperty("limit").ValueKind));
    }

    [Theory]
    [InlineData("""{ "kinds": { "rumours": ["email"] } }""")]
    [InlineData("""{ "kinds": { "limit": ["pigeon"] } }""")]
    [InlineData("""{ "kinds": { "limit": null } }""")]
    [InlineData("""{ "kinds": { "limit": [null] } }""")]
    [InlineData("""{ "kinds": [] }""")]
    [InlineData("""{ "email": "ann@example.org" }""")]
    public async Task What_cannot_be_is_refused(string body)
    {
        var reply = await world.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=ann", JsonDocument.Parse(body).RootElement);

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task Changes_made_at_once_are_each_there_or_refused_and_nothing_breaks()
    {
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => SetAsync(new { webhookUrl = $"https://example.com/{i}" })));

        Assert.All(replies, reply => Assert.True(reply.Status is 200 or 503, $"{reply.Status}"));
        var read = await world.App.GetAsync("notifications/preferences?userId=ann");
        Assert.Contains(read.Text("webhookUrl"), replies.Where(reply => reply.Status == 200).Select(reply => reply.Text("webhookUrl")));
    }

    private Task<Reply> SetAsync(object body) => world.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=ann", body);
}
