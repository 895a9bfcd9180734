using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Functions.OpenAI;
using ServerlessAi.Images;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Generation;

/// <summary>What a body asks for where several kinds of request share a route.</summary>
public enum ItemKind
{
    /// <summary>As <c>complete</c>.</summary>
    Text,

    /// <summary>As <c>ai-preview-image</c>.</summary>
    Image,

    /// <summary>As <c>search</c>.</summary>
    Search,

    /// <summary>As <c>v1/chat/completions</c>.</summary>
    Chat,

    /// <summary>As <c>v1/embeddings</c>.</summary>
    Embedding,

    /// <summary>As <c>batch</c>.</summary>
    Batch,
}

/// <param name="Kind"><c>text</c> unless said otherwise.</param>
public sealed record ItemHead(ItemKind? Kind, bool? Stream);

/// <summary>Reads bodies of any kind: the fields of the kind's own route, and <c>kind</c>.</summary>
public sealed class ItemBodies(TextWork text, ImageWork image, SearchWork search, ChatWork chat, EmbeddingWork embedding, IImageStore images)
{
    /// <summary>An item of a batch.</summary>
    public Answer<BillableItem> ReadItem(JsonElement item, Caller caller)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return Refusal.Invalid("An item must be a JSON object.");
        }

        try
        {
            var head = item.Deserialize<ItemHead>(Wire.Json)!;
            return head switch
            {
                { Kind: ItemKind.Chat or ItemKind.Embedding or ItemKind.Batch } => Refusal.Invalid("The 'kind' of an item is 'text', 'image' or 'search'."),
                { Stream: true } => Refusal.Invalid("An item cannot be a stream: a batch is answered as a whole."),
                _ => Read(head.Kind ?? ItemKind.Text, item, caller),
            };
        }
        catch (JsonException exception)
        {
            return Refusal.Invalid(RequestBody.Describe(exception));
        }
    }

    /// <exception cref="JsonException">A field has a value of the wrong type.</exception>
    public Answer<BillableItem> Read(ItemKind kind, JsonElement body, Caller caller) => kind switch
    {
        ItemKind.Image => body.Deserialize<ImageInput>(Wire.Json)!.ToRequest(caller).Then<BillableItem>(request => new BillableItem<ImageRequest, ImageBytes>(image, request, WriteAsync)),
        ItemKind.Search => body.Deserialize<SearchInput>(Wire.Json)!.ToRequest(caller).Then<BillableItem>(request =>
            new BillableItem<SearchRequest, Providers.Search.SearchResult>(search, request, served => new(JsonSerializer.Serialize(SearchOutput.Of(served), Wire.Json)))),
        _ => body.Deserialize<TextInput>(Wire.Json)!.ToRequest(caller).Then<BillableItem>(request =>
            new BillableItem<TextRequest, Providers.Text.TextResult>(text, request, served => new(JsonSerializer.Serialize(TextOutput.Of(served), Wire.Json)))),
    };

    /// <summary>A body in OpenAI's JSON.</summary>
    public Answer<BillableItem> ReadOpenAI(ItemKind kind, JsonObject body, Caller caller)
    {
        var (labels, cache) = (UsageLabels.Of(body), new Caching.CacheUse(Use: true, Ttl: null));
        return kind == ItemKind.Chat
            ? new BillableItem<ChatRequest, Providers.Text.ChatResult>(chat, new ChatRequest(caller, body, labels, cache), served => new(served.Answer.Text!))
            : new BillableItem<EmbeddingRequest, Providers.Text.ChatResult>(embedding, new EmbeddingRequest(caller, body, labels, cache), served => new(served.Answer.Text!));
    }

    private async ValueTask<string> WriteAsync(Served served) =>
        JsonSerializer.Serialize(ImageOutput.Of(served, await images.GetReadUrlAsync(served.Answer.Image!, served.At, CancellationToken.None)), Wire.Json);
}
