using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <summary>What a caller wants to find a call by in reports: OpenAI's <c>user</c> and <c>metadata</c>, and <c>metadata.chatId</c>.</summary>
/// <param name="Metadata">As JSON, without the chat id; null for none.</param>
public sealed record UsageLabels(string? ChatId, string? EndUser, string? Metadata)
{
    public static readonly UsageLabels None = new(ChatId: null, EndUser: null, Metadata: null);

    private const int NameLimit = 128;

    // OpenAI allows 16 pairs of 64 and 512 characters. These stand in every usage row, so that all of them together have less here.
    private const int MetadataLimit = 2_000;

    public static UsageLabels Of(JsonObject body)
    {
        var metadata = (body["metadata"] as JsonObject)?.DeepClone().AsObject();
        var chatId = ChatJson.Text(metadata?["chatId"]);
        metadata?.Remove("chatId");
        return new UsageLabels(chatId, ChatJson.Text(body["user"]), metadata is { Count: > 0 } ? ChatJson.Write(metadata) : null);
    }

    public Refusal? Problem()
    {
        if (ChatId is { Length: 0 or > NameLimit } || EndUser is { Length: > NameLimit })
        {
            return Refusal.Invalid($"'user' and 'metadata.chatId' have at most {NameLimit} characters.");
        }

        return Metadata is { Length: > MetadataLimit } ? Refusal.Invalid($"'metadata' has at most {MetadataLimit} characters.").With("param", "metadata") : null;
    }

    public UsageFacts On(UsageFacts usage) => usage with { ChatId = ChatId, EndUser = EndUser, Metadata = Metadata };
}
