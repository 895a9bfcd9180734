using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Simulation.Vendors;

/// <summary>What the vendors of a world say, in their wire formats; the stand-ins name the sources.</summary>
internal static class VendorAnswers
{
    public const int InputTokens = 10;

    // Fewer than the app estimates from the length of the answer, where the vendor does not say.
    public const int OutputTokens = 5;

    // Nothing is added to what is embedded, and the shortest of it is a word.
    public const int EmbeddedTokens = 1;

    private static readonly string Picture = Convert.ToBase64String(VendorStandIn.Picture.Span);

    /// <summary>The whole answer to a call that succeeded.</summary>
    public static string Of(VendorCall call, Trouble trouble) => call.Wish switch
    {
        _ when trouble == Trouble.Garbage => """{"choices":[{"mess""",
        Wish.Image => Image(call.Model),
        Wish.Search => Search(call),
        Wish.Embedding => Embedding(trouble, call),
        _ => Chat(call, trouble),
    };

    public static string Error(string type, string? code, string message) =>
        new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["code"] = code }, ["detail"] = message }.ToJsonString();

    /// <summary>The data of each event of a streamed completion, <c>[DONE]</c> included.</summary>
    public static IReadOnlyList<string> Chunks(VendorCall call, Trouble trouble)
    {
        var words = Text(call).Split(' ').Select((word, index) => Chunk(call, new JsonObject { ["content"] = index == 0 ? word : " " + word }));
        var usage = new JsonObject { ["id"] = $"chatcmpl-{call.Number}", ["object"] = "chat.completion.chunk", ["choices"] = new JsonArray(), ["usage"] = UsageOf(call, trouble) };
        string[] end = [Chunk(call, [], "stop"), .. trouble == Trouble.NoUsage ? [] : new[] { usage.ToJsonString() }, "[DONE]"];
        return [Chunk(call, new JsonObject { ["role"] = "assistant", ["content"] = "" }), .. words, .. end];
    }

    private static string Text(VendorCall call) => $"Answer {call.Number} of {call.Model}.";

    private static string Chunk(VendorCall call, JsonObject delta, string? finishReason = null) => new JsonObject
    {
        ["id"] = $"chatcmpl-{call.Number}",
        ["object"] = "chat.completion.chunk",
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finishReason }),
    }.ToJsonString();

    private static string Chat(VendorCall call, Trouble trouble) => new JsonObject
    {
        ["id"] = $"chatcmpl-{call.Number}",
        ["object"] = "chat.completion",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["finish_reason"] = "stop",
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = Text(call) },
        }),
        ["usage"] = UsageOf(call, trouble),
    }.ToJsonString();

    private static string Embedding(Trouble trouble, VendorCall call) => new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject { ["object"] = "embedding", ["index"] = 0, ["embedding"] = new JsonArray(0.5, -0.25) }),
        ["usage"] = UsageOf(call, trouble),
    }.ToJsonString();

    private static string Search(VendorCall call) => new JsonObject
    {
        ["results"] = new JsonArray(new JsonObject { ["url"] = $"https://example.com/{call.Number}", ["title"] = $"Page {call.Number}", ["content"] = "About it.", ["text"] = "About it." }),
    }.ToJsonString();

    private static JsonObject? UsageOf(VendorCall call, Trouble trouble) => trouble switch
    {
        Trouble.NoUsage => null,
        Trouble.AbsurdUsage => Usage(7_000_000_000, call.Number % 2 == 0 ? -5 : 9_000_000_000),
        Trouble.ZeroUsage => Usage(0, 0),
        _ when call.Wish == Wish.Embedding => Usage(EmbeddedTokens, 0),
        _ => Usage(InputTokens, OutputTokens),
    };

    private static JsonObject Usage(long input, long output) =>
        new() { ["prompt_tokens"] = input, ["completion_tokens"] = output, ["total_tokens"] = input + output };

    private static string Image(string model) => model.StartsWith("gpt-image", StringComparison.Ordinal)
        ? new JsonObject { ["data"] = new JsonArray(new JsonObject { ["b64_json"] = Picture }) }.ToJsonString()
        : new JsonObject { ["images"] = new JsonArray(new JsonObject { ["url"] = $"data:image/png;base64,{Picture}" }) }.ToJsonString();
}
