using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Pricing;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using Xunit.Abstractions;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>What each vendor says that a call used is what the account has on record, and what it is charged follows from the catalog.</summary>
public sealed class RecordedUsageTests(ITestOutputHelper output)
{
    // Credits of $0.10.
    private const decimal CreditsPerUsd = 10m;

    public static TheoryData<string> Names => [.. Vendors.All.Select(vendor => vendor.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_is_recorded_is_what_the_vendor_said(string name)
    {
        var vendor = Vendors.All.Single(one => one.Name == name);
        await using var standIn = await vendor.Start();
        var settings = vendor.Settings(standIn).ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.OrdinalIgnoreCase);
        settings["Plans:Items:free:FreeImagesPerDay"] = "0";
        await using var app = await TestApp.StartAsync(settings);

        output.WriteLine("| Vendor | Request | Input | of it cached | Output | of it reasoning | Images | Cost, nano-USD | Charge, micro-credits |");
        output.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var (place, (request, body)) in Requests(vendor).Index())
        {
            var isStream = body["stream"] is not null;
            standIn.Script(null, isStream ? vendor.Stream!.ToBehaviour() : vendor.Success?.Invoke(standIn) ?? Behaviour.Success, Behaviour.Success);
            await AssertAsync(app, vendor, isStream ? request + ", stream" : request, await SendAsync(app, request, body, $"user-{place}"));
        }
    }

    // Each caller has an account of its own, so that one has one line.
    private static IEnumerable<(string Route, JsonObject Body)> Requests(Vendor vendor)
    {
        var messages = """[{"role":"user","content":"Say hello."}]""";
        return vendor.Kind switch
        {
            ModelKind.Text =>
            [
                ("complete", new() { ["prompt"] = "Say hello.", ["model"] = vendor.Model }),
                ("complete", new() { ["prompt"] = "Say hello again.", ["model"] = vendor.Model, ["stream"] = true }),
                ("v1/chat/completions", new() { ["messages"] = JsonNode.Parse(messages), ["model"] = vendor.Model, ["max_tokens"] = 100 }),
                ("v1/chat/completions", new() { ["messages"] = JsonNode.Parse(messages), ["model"] = vendor.Model, ["max_tokens"] = 101, ["stream"] = true }),
            ],
            ModelKind.Image => [("ai-preview-image", new() { ["prompt"] = "A red fox", ["model"] = vendor.Model })],
            ModelKind.Search => [("search", new() { ["query"] = "red foxes", ["model"] = vendor.Model })],
            _ => [("v1/embeddings", new() { ["input"] = "foxes", ["model"] = vendor.Model })],
        };
    }

    private static async Task<UsageRecord> SendAsync(TestApp app, string route, JsonObject body, string user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = JsonContent.Create(body) };
        request.Headers.Add("x-user-id", user);
        using var response = await app.Http.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return Assert.Single(await app.Get<AccountHistory>().ReadUsageAsync(user, AccountHistory.PageLimit, CancellationToken.None), line => line.Event == UsageEvents.Success);
    }

    private async Task AssertAsync(TestApp app, Vendor vendor, string request, UsageRecord record)
    {
        var (usage, said) = (record.Facts!, vendor.Reported);
        var price = (await app.Get<CatalogStore>().GetAsync(CancellationToken.None)).Find(vendor.Model)!.PriceAt(app.Clock.GetUtcNow());
        var (costUsd, charge) = Worth(vendor.Kind, price, said);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {vendor.Name} | {request} | {usage.InputTokens} | {usage.CachedInputTokens} | {usage.OutputTokens} | {usage.ReasoningTokens} | {usage.Images} | {record.CostNanoUsd} | {record.ChargedMicro} |"));
        Assert.Equal(said, new TokenUsage(usage.InputTokens, usage.OutputTokens, usage.CachedInputTokens, usage.ReasoningTokens));
        Assert.Equal((vendor.Model, vendor.Model, vendor.Provider, "provider"), (usage.ModelSelected, usage.ModelServed, usage.Provider, usage.Source));
        Assert.Equal(vendor.Kind == ModelKind.Image ? 1 : 0, usage.Images);
        Assert.Equal((Math.Ceiling(costUsd * 1_000_000_000), 0L), (record.CostNanoUsd, record.UncertainCostNanoUsd));
        Assert.Equal((Math.Ceiling(charge * 1_000_000), 0L), (record.ChargedMicro, record.AbsorbedMicro));
    }

    /// <summary>By the price list alone: USD it cost, credits it is charged.</summary>
    private static (decimal CostUsd, decimal Credits) Worth(ModelKind kind, ModelPrice price, TokenUsage used)
    {
        var tokensUsd = ((used.InputTokens - used.CachedInputTokens) * price.InputPrice + used.CachedInputTokens * (price.CachedInputPrice ?? price.InputPrice)
            + used.OutputTokens * price.OutputPrice) / 1_000_000;
        var costUsd = kind switch { ModelKind.Image => price.ImagePrice, ModelKind.Search => price.CallPrice, _ => tokensUsd };
        return (costUsd, (kind, price) switch
        {
            (ModelKind.Image, { CreditsPerImage: { } credits }) => credits,
            (ModelKind.Text, { CreditsPer10kTokens: { } credits }) => credits * (used.InputTokens + used.OutputTokens) / 10_000,
            _ => costUsd * price.ProfitMultiplier * CreditsPerUsd,
        });
    }
}
