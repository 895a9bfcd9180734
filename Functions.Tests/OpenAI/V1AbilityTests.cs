using System.Text.Json.Nodes;
using Azure.Data.Tables;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.OpenAI;

/// <summary>A chat goes only to models that can do what it asks for.</summary>
public sealed class V1AbilityTests : IAsyncLifetime
{
    private const string Picture = """[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]""";
    private const string Tool = """[{"type":"function","function":{"name":"look"}}]""";

    private Door door = null!;
    private CompatibleStandIn acme = null!;

    public async Task InitializeAsync()
    {
        acme = await CompatibleStandIn.StartAsync();
        door = await Door.OpenAsync(("Providers:Text:acme:ApiKey", CompatibleStandIn.ApiKey), ("Providers:Text:acme:BaseUrl", acme.Address));
    }

    public async Task DisposeAsync()
    {
        await door.DisposeAsync();
        await acme.DisposeAsync();
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("tools")]
    [InlineData("functions")]
    public async Task A_model_that_cannot_is_refused_before_anything_is_reserved(string param)
    {
        await AddAsync("blunt", vision: false, tools: false);

        var reply = await door.ChatAsync(Asking("acme-blunt", param));

        var error = reply.Body.GetProperty("error");
        Assert.Equal((400, "invalid_request", param), (reply.Status, error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Equal((10m, 0m), await door.CreditsAsync());
        Assert.Empty(acme.Requests);
    }

    [Theory]
    [InlineData("messages")]
    [InlineData("tools")]
    public async Task A_model_of_which_nothing_is_said_may_try(string param)
    {
        await AddAsync("unknown", vision: null, tools: null);
        Assert.Equal(200, (await door.ChatAsync(Asking("acme-unknown", param))).Status);
    }

    [Theory]
    [InlineData("messages", "acme-able")]
    [InlineData("tools", "acme-able")]
    [InlineData(null, "acme-unknown")]
    public async Task Only_a_model_that_surely_can_stands_in_for_another(string? param, string served)
    {
        // In this order, if all were asked.
        await AddAsync("unknown", vision: null, tools: null, priority: 1);
        await AddAsync("blunt", vision: false, tools: false, priority: 2);
        await AddAsync("able", vision: true, tools: true, priority: 3);
        door.Vendor.Script(model: null, OpenAIStandIn.Error(500, "server_error", code: null, "Broken."));
        foreach (var other in new[] { "openai-gpt-4.1-mini", "openai-gpt-4.1-nano" })
        {
            await door.App.SendAsync(HttpMethod.Delete, "manage/model-prices/" + other, client: door.App.Admin);
        }

        var reply = await door.ChatAsync(Asking("openai-gpt-4.1", param));

        Assert.Equal((200, served), (reply.Status, reply.Headers["x-model-served"]));
    }

    [Fact]
    public async Task At_the_budget_a_cheaper_model_serves_only_if_it_can()
    {
        await using var poor = await Door.OpenAsync(("Plans:Items:free:MonthlyCapUsd", "0"));
        await poor.App.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1-mini", new { vision = false }, poor.App.Admin);

        var plain = await poor.ChatAsync(Asking("openai-gpt-4.1", param: null));
        var seeing = await poor.ChatAsync(Asking("openai-gpt-4.1", "messages"));

        Assert.Equal(("openai-gpt-4.1-mini", "openai-gpt-4.1-nano"), (plain.Headers["x-model-served"], seeing.Headers["x-model-served"]));
    }

    [Fact]
    public async Task A_fallback_has_room_for_the_prompt_and_is_asked_for_no_more_than_it_can_say()
    {
        await AddAsync("narrow", vision: true, tools: true, priority: 1, window: 60);
        await AddAsync("wide", vision: true, tools: true, priority: 2, window: 100_000, output: 77);
        door.Vendor.Script(model: null, OpenAIStandIn.Error(500, "server_error", code: null, "Broken."));

        var reply = await door.ChatAsync(Door.Chat(new string('x', 300)));

        Assert.Equal((200, "acme-wide", 77), (reply.Status, reply.Headers["x-model-served"], acme.Requests[0].Json["max_tokens"]!.GetValue<int>()));
    }

    [Fact]
    public async Task A_row_from_before_abilities_counted_says_nothing_with_its_false()
    {
        await AddAsync("old", vision: false, tools: true);
        var catalog = await door.App.Get<Tables>().GetAsync(TableNames.Catalog);
        var row = (await catalog.GetEntityAsync<TableEntity>("model", "acme-old")).Value;
        row.Remove("StatesAbilities");
        await catalog.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        door.App.Clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(200, (await door.ChatAsync(Asking("acme-old", "messages"))).Status);
        var shown = await door.App.GetAsync("manage/model-prices/acme-old", door.App.Admin);
        Assert.True(shown.Flag("tools"));
        Assert.Null(shown.Text("vision") is { Length: > 0 } text ? text : null);
    }

    private static JsonObject Asking(string model, string? param)
    {
        var body = Door.Chat(model: model);
        switch (param)
        {
            case "messages":
                body["messages"] = JsonNode.Parse(Picture);
                break;
            case "tools" or "functions":
                body[param] = JsonNode.Parse(Tool);
                break;
        }

        return body;
    }

    private async Task AddAsync(string name, bool? vision, bool? tools, int priority = 500, int window = 0, int output = 0)
    {
        var added = await door.App.PostAsync(
            "manage/model-prices",
            new { provider = "acme", model_name = name, tier = "standard", fallback_priority = priority, context_window = window, max_output_tokens = output, vision, tools, input_price = 0.1, output_price = 0.1 },
            door.App.Admin);
        Assert.True(added.Status is 200 or 201, added.Body.ToString());
    }
}
