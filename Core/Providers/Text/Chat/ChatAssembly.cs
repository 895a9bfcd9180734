using System.Text;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>Puts the chunks of a streamed completion together, to what the vendor would have answered without streaming; members it does not know included.</summary>
internal sealed class ChatAssembly
{
    private readonly SortedDictionary<int, JsonObject> choices = [];
    private JsonObject? head;

    /// <summary>What the vendor said it took; null as long as it has not.</summary>
    public JsonObject? Usage { get; private set; }

    public bool HasChoices => choices.Count > 0;

    /// <summary>Every choice has said why it ended.</summary>
    public bool IsFinished => choices.Count > 0 && choices.Values.All(choice => choice["finish_reason"] is not null);

    /// <summary>Bytes of the model's own words so far.</summary>
    public long TextBytes { get; private set; }

    /// <returns>Bytes of text in this chunk.</returns>
    public int Add(JsonObject chunk)
    {
        head ??= HeadOf(chunk);
        Usage = chunk["usage"] as JsonObject ?? Usage;
        var textBytes = 0;
        foreach (var part in (chunk["choices"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var index = ChatJson.Int(part["index"]) ?? 0;
            var delta = part["delta"] as JsonObject ?? [];
            textBytes += TextBytesOf(delta);
            if (!choices.TryGetValue(index, out var choice))
            {
                choices[index] = choice = new JsonObject { ["index"] = index, ["message"] = new JsonObject(), ["finish_reason"] = null };
            }

            Merge((JsonObject)choice["message"]!, delta);
            foreach (var (name, value) in part.Where(member => member.Key is not ("index" or "delta") && member.Value is not null))
            {
                MergeMember(choice, name, value!, isText: false);
            }
        }

        TextBytes += textBytes;
        return textBytes;
    }

    public string ToJson()
    {
        var completion = head!.DeepClone().AsObject();
        completion["choices"] = new JsonArray([.. choices.Values.Select(choice => choice.DeepClone())]);
        // Only pieces need to say where they belong.
        foreach (var call in completion["choices"]!.AsArray().SelectMany(choice => choice!["message"]!["tool_calls"] as JsonArray ?? []).OfType<JsonObject>())
        {
            call.Remove("index");
        }

        if (Usage is not null)
        {
            completion["usage"] = Usage.DeepClone();
        }

        return ChatJson.Write(completion);
    }

    /// <summary>Bytes of all strings in an answer's message or delta, names and arguments of tool calls included.</summary>
    public static int TextBytesOf(JsonNode? node) => node switch
    {
        JsonObject all => all.Where(member => member.Key is not ("role" or "id" or "type")).Sum(member => TextBytesOf(member.Value)),
        JsonArray items => items.Sum(TextBytesOf),
        JsonValue value when value.TryGetValue<string>(out var text) => Encoding.UTF8.GetByteCount(text),
        _ => 0,
    };

    private static JsonObject HeadOf(JsonObject chunk)
    {
        var completion = new JsonObject();
        foreach (var (name, value) in chunk.Where(member => member.Key is not ("choices" or "usage" or "obfuscation")))
        {
            completion[name] = value?.DeepClone();
        }

        completion["object"] = "chat.completion";
        return completion;
    }

    private static void Merge(JsonObject target, JsonObject delta)
    {
        foreach (var (name, value) in delta.Where(member => member.Value is not null || !target.ContainsKey(member.Key)))
        {
            if (value is null)
            {
                target[name] = null;
                continue;
            }

            MergeMember(target, name, value, isText: name is not ("role" or "id" or "type"));
        }
    }

    private static void MergeMember(JsonObject target, string name, JsonNode value, bool isText)
    {
        switch (value, target[name])
        {
            case (JsonObject part, JsonObject whole):
                Merge(whole, part);
                break;
            case (JsonArray parts, JsonArray whole):
                Append(whole, parts);
                break;
            case (JsonArray parts, null):
                target[name] = new JsonArray();
                Append((JsonArray)target[name]!, parts);
                break;
            case (JsonValue more, JsonValue before) when isText && more.TryGetValue<string>(out var end) && before.TryGetValue<string>(out var start):
                target[name] = start + end;
                break;
            default:
                target[name] = value.DeepClone();
                break;
        }
    }

    // Tool calls come in pieces that name their place; log probabilities simply follow each other.
    private static void Append(JsonArray whole, JsonArray parts)
    {
        foreach (var part in parts)
        {
            var index = ChatJson.Int((part as JsonObject)?["index"]);
            if (index is not null && whole.OfType<JsonObject>().FirstOrDefault(one => ChatJson.Int(one["index"]) == index) is { } same)
            {
                Merge(same, (JsonObject)part!);
            }
            else
            {
                whole.Add(part?.DeepClone());
            }
        }
    }
}
