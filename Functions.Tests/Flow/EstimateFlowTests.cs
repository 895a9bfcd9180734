using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Flow;

/// <summary>What an estimate says is what is then reserved, for every kind of request.</summary>
public sealed class EstimateFlowTests
{
    public static TheoryData<string, string, string> Requests => new()
    {
        { "text", "complete", """{ "prompt": "Tell me of foxes", "model": "GPT_4_TURBO" }""" },
        { "text", "complete", """{ "prompt": "Tell me of foxes", "system": "Be brief.", "maxTokens": 100 }""" },
        { "text", "complete", """{ "prompt": "More than the plan allows", "model": "GPT_4_TURBO", "maxTokens": 100000 }""" },
        { "image", "ai-preview-image", """{ "prompt": "a fox" }""" },
        { "image", "ai-preview-image", """{ "prompt": "a fox", "tier": "standard" }""" },
        { "search", "search", """{ "query": "foxes", "provider": "exa" }""" },
        { "chat", "v1/chat/completions", """{ "model": "openai-gpt-4.1", "messages": [{ "role": "user", "content": [{ "type": "text", "text": "Foxes?" }] }], "n": 2, "max_tokens": 70 }""" },
        { "chat", "v1/chat/completions", """{ "model": "CLAUDE_3_5", "messages": [{ "role": "user", "content": "Foxes?" }], "tools": [{ "type": "function", "function": { "name": "f" } }] }""" },
        { "embedding", "v1/embeddings", """{ "model": "text-embedding-3-small", "input": ["a fox", "an owl"] }""" },
    };

    /// <summary>The account as it may be: rich, paying for images, near its end, at its cap, and with few tokens left today.</summary>
    public static TheoryData<string, string> Accounts => new()
    {
        { "Credits:SignUp", "50" },
        { "Plans:Items:free:FreeImagesPerDay", "0" },
        { "Credits:SignUp", "0.11" },
        { "Plans:Items:free:MonthlyCapUsd", "0" },
        { "Plans:Items:free:TokensPerDay", "400" },
    };

    [Theory]
    [MemberData(nameof(Accounts))]
    public async Task What_is_estimated_is_what_is_reserved(string setting, string value)
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { [setting] = value });
        // The cache is asked for nothing twice: every request is another.
        foreach (var (number, (kind, route, body)) in Requests.Select(row => ((string)row[0], (string)row[1], (string)row[2])).Index())
        {
            // Each of another user, so that none finds what the one before has left.
            var user = $"ann{number}";
            var estimate = await app.PostAsync("estimate", With(body, kind, user));

            var reply = await app.SendAsync(HttpMethod.Post, route, With(body, kind: null, user), change: request => request.Headers.Add("x-use-cache", "false"));

            Assert.Equal(200, estimate.Status);
            Assert.True((reply.Status == 200) == (estimate.Text("refusedWith") is null), $"{kind} {setting}={value}: {reply.Status} {estimate.Body}");
            if (reply.Status != 200)
            {
                Assert.Equal(reply.Code ?? reply.Body.GetProperty("error").GetProperty("code").GetString(), estimate.Text("refusedWith"));
                continue;
            }

            var hold = (await app.Get<AccountStore>().ReadHoldAsync(user, reply.Headers["x-operation-id"]))!.Hold;
            Assert.Equal(
                (Money.ToCredits(hold.HeldMicro), Money.ToUsd(hold.CostNanoUsd), hold.OutputTokens, hold.Clamped, hold.FreeImages > 0, hold.ModelId, hold.PriceVersion, hold.DowngradeReason),
                (estimate.Number("credits"), estimate.Number("costUsd"), (int)estimate.Number("outputTokens"), estimate.Flag("clamped"), estimate.Flag("freeQuota"), estimate.Text("model"),
                    (int)estimate.Number("priceVersion"), estimate.Text("downgradeReason")));
            if (reply.Body.TryGetProperty("receipt", out var receipt))
            {
                Assert.Equal(receipt.GetProperty("creditsReserved").GetDecimal(), estimate.Number("credits"));
            }
        }
    }

    [Fact]
    public async Task The_estimate_of_a_batch_is_the_sum_of_its_items_each_after_the_others()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:FreeImagesPerDay"] = "1" });
        var items = new object[]
        {
            new { kind = "image", prompt = "a fox" }, new { kind = "image", prompt = "an owl" }, new { prompt = "Tell me of foxes", model = "GPT_4_TURBO" }, new { prompt = "" },
            new { kind = "search", query = "foxes" },
        };

        var estimate = await app.PostAsync("estimate", new { userId = "ann", kind = "batch", items });
        var batch = await app.PostAsync("batch", new { userId = "ann", items });

        var estimated = Parts(estimate);
        Assert.Equal([200, 200, 200, 400, 200], estimated.Select(part => part.GetProperty("status").GetInt32()));
        Assert.Equal([true, false], estimated.Take(2).Select(part => part.GetProperty("result").GetProperty("freeQuota").GetBoolean()));
        var credits = Results(estimate).Select(result => result.GetProperty("credits").GetDecimal()).ToList();
        Assert.Equal(Results(batch).Select(result => result.GetProperty("receipt").GetProperty("creditsReserved").GetDecimal()), credits);
        Assert.Equal((credits.Sum(), 10m, true), (estimate.Number("credits"), estimate.Number("availableCredits"), estimate.Flag("canAfford")));
    }

    [Fact]
    public async Task A_batch_that_is_too_dear_as_a_whole_cannot_be_afforded_though_each_item_could()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:FreeImagesPerDay"] = "0", ["Credits:SignUp"] = "2.5" });
        var image = new { kind = "image", prompt = "a fox" };

        var one = await app.PostAsync("estimate", new { userId = "ann", kind = "image", prompt = "a fox" });
        var three = await app.PostAsync("estimate", new { userId = "ann", kind = "batch", items = new[] { image, image, image } });

        Assert.Equal((true, false), (one.Flag("canAfford"), three.Flag("canAfford")));
        Assert.Equal([true, true, false], Results(three).Select(result => result.GetProperty("canAfford").GetBoolean()));
        Assert.Equal("insufficient_credits", Results(three)[2].GetProperty("refusedWith").GetString());
        Assert.Equal(3 * one.Number("credits"), three.Number("credits"));
    }

    [Fact]
    public async Task Limits_that_a_moments_waiting_gets_past_are_no_part_of_an_estimate()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script(model: null, Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = openAI.V1,
            ["Plans:Items:free:SpacingMs"] = "800",
            ["Plans:Items:free:RequestsPerMinute"] = "1",
        });
        var running = app.CompleteAsync("ann", "hello", "GPT_4_TURBO");
        await Wait.UntilAsync(() => openAI.Requests.Count == 1, "it runs");

        var estimate = await app.PostAsync("estimate", new { userId = "ann", prompt = "hello", model = "GPT_4_TURBO" });
        gate.SetResult();
        await running;

        Assert.Equal((200, true, null), (estimate.Status, estimate.Flag("canAfford"), estimate.Text("refusedWith")));
    }

    [Fact]
    public async Task A_platform_that_has_spent_its_budget_says_so_in_estimates()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Budget:HardUsd"] = "0" });

        var estimate = await app.PostAsync("estimate", new { userId = "ann", prompt = "hello" });

        Assert.Equal("usage_limit_exceeded", estimate.Text("refusedWith"));
    }

    [Theory]
    [InlineData("""{ "kind": "chat", "messages": [] }""")]
    [InlineData("""{ "kind": "embedding", "model": "text-embedding-3-small" }""")]
    [InlineData("""{ "kind": "batch", "items": [] }""")]
    [InlineData("""{ "kind": "song" }""")]
    [InlineData("""{ "kind": "text", "prompt": 5 }""")]
    [InlineData("""{ "kind": ["chat"] }""")]
    public async Task What_the_kinds_own_route_would_refuse_is_refused(string body)
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.PostAsync("estimate", With(body, kind: null, "ann"));

        Assert.Equal(400, reply.Status);
    }

    private static JsonObject With(string body, string? kind, string user)
    {
        var json = JsonNode.Parse(body)!.AsObject();
        json["userId"] = user;
        if (kind is not null)
        {
            json["kind"] = kind;
        }

        return json;
    }

    private static List<JsonElement> Parts(Reply reply) => [.. reply.Body.GetProperty("results").EnumerateArray()];

    private static List<JsonElement> Results(Reply reply) => [.. Parts(reply).Where(part => part.TryGetProperty("result", out _)).Select(part => part.GetProperty("result"))];
}
