using System.Text;
using System.Text.Json.Nodes;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <summary>
/// What the gateway has to know of a chat completion's JSON: its price, its limits, and which members are ours. All others go to the vendor as they came.
/// </summary>
public static class ChatBody
{
    /// <summary>Output tokens of a request that names no limit; the plan's own limit is usually lower.</summary>
    public const int DefaultOutputTokens = 4_096;

    /// <summary>
    /// Tokens of one picture at most. Vision models cut pictures into tiles or patches up to a limit and weigh them: gpt-4.1 takes up to 1,445,
    /// gpt-4.1-mini 2,488, gpt-4.1-nano 3,779 (platform.openai.com/docs/guides/images-vision, "Calculating costs").
    /// </summary>
    public const int ImageTokens = 4_000;

    private const int OutputTokensLimit = 200_000;
    private const int MessagesLimit = 2_048;
    private const int ChoicesLimit = 8;

    // The frame of a message, and the punctuation of a member of a tool's schema.
    private const int MessageBytes = 24;
    private const int MemberBytes = 6;

    // What a vendor reads as its prompt.
    private static readonly string[] Prompt = ["messages", "tools", "functions", "response_format", "tool_choice", "prediction"];

    // What a vendor bills in a way that the catalog has no price for.
    private static readonly string[] Unpriced = ["web_search_options", "audio"];

    // Not part of what is asked: ours, or only for reporting, or how the answer is to come.
    private static readonly string[] OfTheCaller = ["userId", "user_id", "user", "metadata", "stream", "stream_options", "safety_identifier", "prompt_cache_key"];
    private static readonly string[] NoPartOfTheQuestion = [.. OfTheCaller, "model", "max_tokens", "max_completion_tokens"];

    public static string? Model(JsonObject body) => ChatJson.Text(body["model"]);

    public static Refusal? Problem(JsonObject body)
    {
        if (Model(body) is not { Length: > 0 })
        {
            return Wrong("model", "'model' is required.");
        }

        if (body["messages"] is not JsonArray { Count: > 0 and <= MessagesLimit } messages || messages.Any(message => message is not JsonObject))
        {
            return Wrong("messages", $"'messages' must have 1 to {MessagesLimit} messages.");
        }

        foreach (var (name, most) in new[] { ("max_completion_tokens", OutputTokensLimit), ("max_tokens", OutputTokensLimit), ("n", ChoicesLimit) })
        {
            if (body[name] is { } value && ChatJson.Int(value) is not >= 1 || ChatJson.Int(body[name]) > most)
            {
                return Wrong(name, $"'{name}' must be between 1 and {most}.");
            }
        }

        if (Array.Find(Unpriced, name => body[name] is not null) is { } unpriced)
        {
            return Wrong(unpriced, $"'{unpriced}' has no price here.");
        }

        return body["service_tier"] is { } tier && ChatJson.Text(tier) is not ("auto" or "default" or "flex")
            ? Wrong("service_tier", "'service_tier' must be 'auto', 'default' or 'flex'; others have no price here.")
            : null;
    }

    /// <summary>Choices asked for; each may use as many output tokens as the others.</summary>
    public static int Choices(JsonObject body) => ChatJson.Int(body["n"]) ?? 1;

    /// <summary>Output tokens of all choices together.</summary>
    public static int OutputTokens(JsonObject body) => Limit(body) * Choices(body);

    /// <summary>Tokens of the prompt at most: text by its bytes (<see cref="TokenEstimate"/>), tools and schemas included; a picture by <see cref="ImageTokens"/>.</summary>
    public static int InputTokens(JsonObject body)
    {
        var (bytes, images) = (0L, 0L);
        foreach (var part in Prompt.Select(name => body[name]).OfType<JsonNode>())
        {
            Count(part, ref bytes, ref images);
        }

        return TokenEstimate.OfBytes(bytes + (body["messages"] as JsonArray ?? []).Count * MessageBytes) + (int)Math.Min(images * ImageTokens, int.MaxValue / 4);
    }

    /// <summary>The JSON for one model: the caller's, with what is ours rewritten or gone.</summary>
    /// <param name="outputTokens">What all choices together may use.</param>
    public static JsonObject For(JsonObject body, string model, int outputTokens, bool stream)
    {
        var sent = body.DeepClone().AsObject();
        sent.Remove("userId");
        sent.Remove("user_id");
        sent["model"] = model;
        // The name that OpenAI has for it; whoever speaks to a server that has another knows that.
        sent.Remove("max_tokens");
        sent["max_completion_tokens"] = Math.Max(1, outputTokens / Choices(body));
        sent.Remove("stream");
        sent.Remove("stream_options");
        if (stream)
        {
            sent["stream"] = true;
            sent["stream_options"] = new JsonObject { ["include_usage"] = true };
        }

        // OpenAI takes metadata only for completions that it is to keep; ours is for our own reports.
        if (sent["store"] is not JsonValue store || !store.TryGetValue<bool>(out var isStored) || !isStored)
        {
            sent.Remove("metadata");
        }

        return sent;
    }

    /// <summary>All that decides the answer but the model, as text: requests that differ only in how they are answered or reported read alike.</summary>
    public static string Question(JsonObject body) => Without(body, NoPartOfTheQuestion);

    /// <summary>The whole request, as text, without who asks and how the answer is to come.</summary>
    public static string Anonymous(JsonObject body) => Without(body, OfTheCaller);

    private static string Without(JsonObject body, string[] names)
    {
        var rest = body.DeepClone().AsObject();
        foreach (var name in names)
        {
            rest.Remove(name);
        }

        return ChatJson.Write(rest);
    }

    private static int Limit(JsonObject body) => ChatJson.Int(body["max_completion_tokens"]) ?? ChatJson.Int(body["max_tokens"]) ?? DefaultOutputTokens;

    private static Refusal Wrong(string param, string detail) => Refusal.Invalid(detail).With("param", param);

    private static void Count(JsonNode? node, ref long bytes, ref long images)
    {
        switch (node)
        {
            case JsonObject part when part["image_url"] is not null:
                images++;
                break;
            case JsonObject all:
                foreach (var (name, value) in all)
                {
                    bytes += Encoding.UTF8.GetByteCount(name) + MemberBytes;
                    Count(value, ref bytes, ref images);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    Count(item, ref bytes, ref images);
                }

                break;
            default:
                bytes += ChatJson.Text(node) is { } text ? Encoding.UTF8.GetByteCount(text) : MemberBytes;
                break;
        }
    }
}
