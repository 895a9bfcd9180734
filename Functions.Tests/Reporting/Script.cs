using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Reporting;

/// <summary>A history that is known to the last token: calls carried out by the account's store, as requests do, with usage that the test says.</summary>
internal static class Script
{
    public static async Task CallAsync(
        TestApp app, string id, decimal credits, decimal costUsd, long input = 0, long output = 0, string model = "openai-gpt-4.1", string? served = null, int ms = 100, string? chat = null,
        string user = "ann", int images = 0)
    {
        await ReserveAsync(app, id, credits, costUsd, model, user);
        var facts = new UsageFacts(model, served ?? model, Provider(served ?? model), "premium", "provider")
        {
            InputTokens = input,
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

    /// <summary>The two bodies are the same, field by field; what is expected names all of them.</summary>
    public static void AssertIs(string expected, JsonElement actual)
    {
        var (wanted, seen) = (JsonNode.Parse(expected), JsonNode.Parse(actual.GetRawText()));
        var differences = Differences("$", wanted, seen).ToList();
        Assert.True(differences.Count == 0, string.Join('\n', differences) + "\n" + actual.GetRawText());
    }

    private static IEnumerable<string> Differences(string path, JsonNode? wanted, JsonNode? seen) => (wanted, seen) switch
    {
        (JsonObject one, JsonObject other) => one.Select(pair => pair.Key).Union(other.Select(pair => pair.Key), StringComparer.Ordinal).SelectMany(
            name => !one.ContainsKey(name) ? [$"{path}.{name} is not expected"] : !other.ContainsKey(name) ? [$"{path}.{name} is missing"] : Differences($"{path}.{name}", one[name], other[name])),
        (JsonArray one, JsonArray other) when one.Count == other.Count => one.Zip(other).SelectMany((pair, i) => Differences($"{path}[{i}]", pair.First, pair.Second)),
        (JsonValue one, JsonValue other) when one.GetValueKind() == JsonValueKind.Number && other.GetValueKind() == JsonValueKind.Number =>
            one.GetValue<decimal>() == other.GetValue<decimal>() ? [] : [$"{path} is {other}, not {one}"],
        _ => JsonNode.DeepEquals(wanted, seen) ? [] : [$"{path} is {seen?.ToJsonString()}, not {wanted?.ToJsonString()}"],
    };

    private static async Task ReserveAsync(TestApp app, string id, decimal credits, decimal costUsd, string model, string user)
    {
        var book = (await app.Get<PlanStore>().GetAsync(CancellationToken.None)).Book;
        var offer = World.ImageOffer(model, credits, freeQuota: false, costUsd, isStandard: false) with { Provider = Provider(model) };
        var outcome = await app.Get<AccountStore>().ExecuteAsync(user, new Reserve(id, WorkKind.Text, [offer], book, TimeSpan.FromMinutes(5), PlatformOverBudget: false));
        Assert.True(outcome is Admitted, outcome.ToString());
    }

    private static string Provider(string model) => model.Split('-')[0];
}
