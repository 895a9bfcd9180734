using System.Text.Json.Nodes;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;

namespace ServerlessAi;

/// <summary>What a chat asks of a model beyond words: eyes for its pictures, hands for its tools.</summary>
/// <param name="Tools">The member that names them, <c>tools</c> or the older <c>functions</c>; null for none.</param>
public sealed record ChatNeeds(bool Vision, string? Tools)
{
    private static readonly string[] ToolMembers = ["tools", "functions"];

    public static ChatNeeds Of(JsonObject body) => new(
        (body["messages"] as JsonArray ?? []).Any(message => ((message as JsonObject)?["content"] as JsonArray ?? []).Any(part => (part as JsonObject)?["image_url"] is not null)),
        Array.Find(ToolMembers, name => body[name] is JsonArray { Count: > 0 }));

    /// <summary>Why a model that the caller named cannot be asked; null when it can, or nobody has said that it cannot.</summary>
    public Refusal? Problem(ModelEntry model) =>
        Vision && model.Vision == false ? Refusal.Invalid($"The model '{model.Id}' cannot look at images.").With("param", "messages")
        : Tools is not null && model.Tools == false ? Refusal.Invalid($"The model '{model.Id}' cannot call tools.").With("param", Tools)
        : null;

    /// <summary>Whether a model may take another's place: only one of which it is known that it can.</summary>
    public bool AreMetBy(ModelEntry model) => (!Vision || model.Vision == true) && (Tools is null || model.Tools == true);
}
