using System.Text.Json;

namespace ServerlessAi.Tests.Flow;

public sealed class ExportFlowTests
{
    private static readonly string[] Kinds =
    [
        "account", "entry", "hold", "use", "op", "day", "month", "plan", "idem", "image", "key", "notifications",
        "team", "invite", "payer", "order", "gift", "code", "referral",
    ];

    [Fact]
    public async Task An_export_has_everything_held_on_the_user_and_no_secret()
    {
        await using var app = await TestApp.StartAsync(FullLife.Settings);
        await FullLife.LiveAsync(app);

        var items = await ItemsAsync(app);

        Assert.Superset(Kinds.ToHashSet(StringComparer.Ordinal), items.Select(item => item.Kind).ToHashSet(StringComparer.Ordinal));
        Assert.Contains("ann@example.com", Assert.Single(items, item => item.Kind == "notifications").Text, StringComparison.Ordinal);
        foreach (var secret in new[] { "webhookSecret", "sealed.", "codeHash", "SecretHash", "whsec_" })
        {
            Assert.DoesNotContain(items, item => item.Text.Contains(secret, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task What_the_payments_keep_is_named_one_by_one()
    {
        await using var app = await TestApp.StartAsync(FullLife.Settings);
        await FullLife.LiveAsync(app);

        var items = (await ItemsAsync(app)).ToLookup(item => item.Kind, item => item.Data, StringComparer.Ordinal);

        Assert.Equal("starter", Assert.Single(items["order"]).GetProperty("packageId").GetString());
        Assert.Equal("ann", Assert.Single(items["payer"]).GetProperty("accountId").GetString());
        Assert.Equal(5_000_000, Assert.Single(items["gift"]).GetProperty("micro").GetInt64());
        Assert.True(Assert.Single(items["code"]).GetProperty("isDone").GetBoolean());
        // One that she issued, and two that she accepted.
        Assert.Equal(3, items["invite"].Count());
        Assert.Empty(await OthersAsync(app));
    }

    [Theory]
    [InlineData('x', 31_400)]
    [InlineData('ü', 5_000)]
    public async Task An_answer_that_spans_several_properties_of_its_row_is_exported_whole(char letter, int count)
    {
        await using var openAI = await ServerlessAi.Simulator.Vendors.OpenAIStandIn.StartAsync();
        openAI.Text = new string(letter, count);
        var (app, _) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>
        {
            ["Providers:OpenAI:ApiKey"] = ServerlessAi.Simulator.Vendors.OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = openAI.V1,
        });
        await using var running = app;
        Assert.Equal(200, (await Keyed.SendAsync(app, "poem", new { userId = "ann", prompt = "a poem", model = "openai-gpt-4.1" }, "complete")).Status);

        var answered = Assert.Single(await ItemsAsync(app), item => item.Kind == "idem").Data;

        Assert.Contains(openAI.Text, JsonDocument.Parse(answered.GetProperty("Rendered").ToString()).RootElement.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Object, answered.GetProperty("Body").ValueKind);
        Assert.DoesNotContain(answered.EnumerateObject(), property => property.Name is "Body1" or "Rendered1");
    }

    // Of the others nobody has ordered, been given or invited what ann has.
    private static async Task<List<string>> OthersAsync(TestApp app) =>
        [.. (await ItemsAsync(app, "nobody")).Select(item => item.Kind)];

    private static async Task<List<(string Kind, JsonElement Data, string Text)>> ItemsAsync(TestApp app, string user = "ann")
    {
        var reply = await app.GetAsync("account/export?userId=" + user);
        Assert.Equal(200, reply.Status);
        return [.. reply.Body.GetProperty("items").EnumerateArray().Select(item => (item.GetProperty("kind").GetString()!, item.TryGetProperty("data", out var data) ? data : default, item.GetRawText()))];
    }
}
