using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Functions.Http;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.Generation;

/// <summary><c>{"delta":"..."}</c> for each piece of the text, then the answer as it is without streaming, usage and receipt included.</summary>
internal sealed class TextFrames : IStreamFrames
{
    public string? OfChunk(string json) =>
        JsonNode.Parse(json)?["choices"] is JsonArray { Count: > 0 } choices && ChatJson.Text(choices[0]?["delta"]?["content"]) is { Length: > 0 } piece ? Delta(piece) : null;

    public string BodyOf(Served served) => JsonSerializer.Serialize(TextOutput.Of(served), Wire.Json);

    public IEnumerable<string> OfKnown(string body) => ChatJson.Text(JsonNode.Parse(body)?["text"]) is { Length: > 0 } text ? [Delta(text)] : [];

    public IEnumerable<string> OfEnd(Served served, string body) => [body];

    private static string Delta(string piece) => ChatJson.Write(new JsonObject { ["delta"] = piece });
}
