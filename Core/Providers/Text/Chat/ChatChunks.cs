using System.Text;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>Cuts a whole completion into the chunks of a stream: for answers that are known already, and for vendors that do not stream in OpenAI's form.</summary>
public static class ChatChunks
{
    private const int PieceChars = 48;

    /// <summary>The chunks, usage left out: who asked for it gets <see cref="UsageOf"/> after them.</summary>
    public static IEnumerable<JsonObject> Of(string completion)
    {
        var answer = ChatJson.Parse(completion) ?? [];
        foreach (var choice in (answer["choices"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var message = choice["message"] as JsonObject ?? [];
            var text = ChatJson.Text(message["content"]);
            yield return Chunk(answer, Delta(choice, FirstDelta(message, text), finishReason: null));
            foreach (var piece in Pieces(text ?? ""))
            {
                yield return Chunk(answer, Delta(choice, new JsonObject { ["content"] = piece }, finishReason: null));
            }

            var last = Delta(choice, [], choice["finish_reason"]?.DeepClone());
            foreach (var (name, value) in choice.Where(member => member.Key is not ("index" or "message" or "finish_reason")))
            {
                last[name] = value?.DeepClone();
            }

            yield return Chunk(answer, last);
        }
    }

    /// <summary>The chunk that tells the usage; null when the completion does not know.</summary>
    public static JsonObject? UsageOf(string completion)
    {
        if (ChatJson.Parse(completion) is not { } answer || answer["usage"] is not JsonObject usage)
        {
            return null;
        }

        var chunk = Chunk(answer, choice: null);
        chunk["usage"] = usage.DeepClone();
        return chunk;
    }

    /// <summary>A chunk without choices, which clients pass over: room for a member of our own.</summary>
    public static JsonObject Empty(string completion) => Chunk(ChatJson.Parse(completion) ?? [], choice: null);

    private static JsonObject Chunk(JsonObject answer, JsonObject? choice)
    {
        var chunk = new JsonObject();
        foreach (var (name, value) in answer.Where(member => member.Key is not ("choices" or "usage")))
        {
            chunk[name] = value?.DeepClone();
        }

        chunk["object"] = "chat.completion.chunk";
        chunk["choices"] = choice is null ? [] : new JsonArray(choice);
        return chunk;
    }

    private static JsonObject Delta(JsonObject choice, JsonObject delta, JsonNode? finishReason) =>
        new() { ["index"] = choice["index"]?.DeepClone() ?? 0, ["delta"] = delta, ["finish_reason"] = finishReason };

    // Everything but the text, which follows in pieces; tool calls get the places that chunks name them by.
    private static JsonObject FirstDelta(JsonObject message, string? text)
    {
        var delta = message.DeepClone().AsObject();
        if (text is not null)
        {
            delta["content"] = "";
        }

        foreach (var (call, index) in (delta["tool_calls"] as JsonArray ?? []).OfType<JsonObject>().Select((call, index) => (call, index)))
        {
            call["index"] = index;
        }

        return delta;
    }

    private static IEnumerable<string> Pieces(string text)
    {
        var piece = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            piece.Append(rune);
            if (piece.Length >= PieceChars && Rune.IsWhiteSpace(rune))
            {
                yield return piece.ToString();
                piece.Clear();
            }
        }

        if (piece.Length > 0)
        {
            yield return piece.ToString();
        }
    }
}
