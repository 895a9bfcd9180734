using System.Diagnostics;
using System.Text.Json;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

/// <summary>The official client, told nothing but another base URL and key.</summary>
public sealed class OpenAIClientTests
{
    private const string ChatModel = "openai-gpt-4.1";

    [Fact]
    public async Task The_official_client_works_on_the_sample()
    {
        await using var app = await TestApp.StartAsync();

        var seen = await RunAsync(app);

        Assert.StartsWith("This is a sample answer", seen.GetProperty("chat").GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("You asked: Again.", seen.GetProperty("stream").GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Equal([8, 8], seen.GetProperty("embeddings").EnumerateArray().Select(length => length.GetInt32()));
        await AssertCommonAsync(app, seen);
    }

    [Fact]
    public async Task The_official_client_works_on_OpenAI()
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.CallsTools = true;

        var seen = await RunAsync(door.App);

        AssertStandIn(seen);
        Assert.All(door.Vendor.Requests.Where(request => request.Path.EndsWith("completions", StringComparison.Ordinal)), request => Assert.Equal("gpt-4.1", request.Json["model"]!.GetValue<string>()));
        await AssertCommonAsync(door.App, seen);
    }

    [Fact]
    public async Task The_official_client_works_on_Anthropic()
    {
        await using var vendor = await AnthropicStandIn.StartAsync();
        await using var door = await Door.OpenAsync(("Providers:Text:anthropic:ApiKey", AnthropicStandIn.ApiKey), ("Providers:Text:anthropic:BaseUrl", vendor.BaseUrl));

        var seen = await RunAsync(door.App, "anthropic-claude-haiku-4-5");

        AssertStandIn(seen, tokens: 24);
        Assert.Equal(["claude-haiku-4-5"], vendor.Requests.Select(request => request.Json["model"]!.GetValue<string>()).Distinct());
        await AssertCommonAsync(door.App, seen, "anthropic-claude-haiku-4-5");
    }

    [Fact]
    public async Task The_official_client_works_on_a_vendor_that_only_settings_and_prices_know()
    {
        await using var vendor = await CompatibleStandIn.StartAsync();
        await using var door = await Door.OpenAsync(("Providers:Text:acme:ApiKey", CompatibleStandIn.ApiKey), ("Providers:Text:acme:BaseUrl", vendor.Address));
        await door.App.PostAsync("manage/model-prices", new { provider = "acme", model_name = "acme-large", kind = "text", input_price = 1, output_price = 2, profit_multiplier = 1.5, tools = true }, door.App.Admin);

        var seen = await RunAsync(door.App, "acme-acme-large");

        AssertStandIn(seen);
        Assert.Equal(["acme-large"], vendor.Requests.Select(request => request.Json["model"]!.GetValue<string>()).Distinct());
        await AssertCommonAsync(door.App, seen, "acme-acme-large");
    }

    private static void AssertStandIn(JsonElement seen, int tokens = 20)
    {
        Assert.Equal(("Hello from the stand-in.", tokens), (seen.GetProperty("chat").GetProperty("content").GetString(), seen.GetProperty("chat").GetProperty("tokens").GetInt32()));
        Assert.Equal(("Hello from the stand-in.", tokens), (seen.GetProperty("stream").GetProperty("content").GetString(), seen.GetProperty("stream").GetProperty("tokens").GetInt32()));
        Assert.Equal("Hello from the stand-in.", seen.GetProperty("afterTool").GetString());
        Assert.Equal([3, 3], seen.GetProperty("embeddings").EnumerateArray().Select(length => length.GetInt32()));
    }

    private static async Task AssertCommonAsync(TestApp app, JsonElement seen, string model = ChatModel)
    {
        Assert.Equal(("look_up", "look_up"), (seen.GetProperty("tool").GetString(), seen.GetProperty("streamedTool").GetString()));
        Assert.Equal("settled", seen.GetProperty("stream").GetProperty("settlement").GetString());
        Assert.True(seen.GetProperty("stream").GetProperty("tokens").GetInt32() > 0);
        Assert.True(seen.GetProperty("stream").GetProperty("chunks").GetInt32() > 3);
        Assert.StartsWith("http", seen.GetProperty("image").GetString(), StringComparison.Ordinal);
        Assert.Contains(model, seen.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        Assert.Equal(model, seen.GetProperty("model").GetString());
        Assert.Equal(("NotFoundError", "model_not_found"), Error(seen, "noModel"));
        Assert.Equal(("BadRequestError", "invalid_request"), Error(seen, "wrong"));
        Assert.Equal(("AuthenticationError", "unauthenticated"), Error(seen, "nobody"));
        Assert.Equal("chat.completion.chunk", seen.GetProperty("abortedAfter").GetString());
        await Wait.UntilAsync(async () => (await app.Get<AccountStore>().ReadStoredAsync("ann"))!.Holds.IsEmpty, "the aborted stream was settled");
        var audit = await app.GetAsync("manage/audit", app.Admin);
        Assert.Equal((true, 0m, 0m), (audit.Flag("conserved"), audit.Number("discrepancyCount"), audit.Number("openHolds")));
    }

    private static (string?, string?) Error(JsonElement seen, string name) => (seen.GetProperty(name).GetProperty("kind").GetString(), seen.GetProperty(name).GetProperty("code").GetString());

    private static async Task<JsonElement> RunAsync(TestApp app, string model = ChatModel)
    {
        var key = (await app.PostAsync("manage/keys", new { userId = "ann" }, app.Admin)).Text("key")!;
        var start = new ProcessStartInfo("node", [Path.Combine(Azurite.RepositoryRoot(), "tools", "openai-client.mjs")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["BASE_URL"] = new Uri(app.Http.BaseAddress!, "v1").ToString();
        start.Environment["API_KEY"] = key;
        start.Environment["CHAT_MODEL"] = model;
        start.Environment["IMAGE_MODEL"] = "gpt-image-1";
        start.Environment["EMBEDDING_MODEL"] = "text-embedding-3-small";
        using var node = Process.Start(start)!;
        var (output, errors) = (node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, await errors);
        return JsonDocument.Parse(await output).RootElement;
    }
}
