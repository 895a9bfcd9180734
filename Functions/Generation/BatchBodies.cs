using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Generation;

/// <summary>Body of <c>batch</c>.</summary>
/// <param name="Items">1 to 100 bodies of <c>complete</c>, <c>ai-preview-image</c> or <c>search</c>, each with its <c>kind</c>.</param>
/// <param name="Concurrency">Items at once at most; the plan's concurrent jobs unless said otherwise, and never more.</param>
public sealed record BatchInput(ImmutableArray<JsonElement>? Items, int? Concurrency)
{
    /// <summary>What is wrong with the envelope; an item that is wrong is refused in its place.</summary>
    public Refusal? Problem() => Items is not { IsDefaultOrEmpty: false, Length: <= Batches.ItemsLimit }
        ? Refusal.Invalid($"'items' must have 1 to {Batches.ItemsLimit} items.")
        : Concurrency is < 1 ? Refusal.Invalid("'concurrency' must be 1 or more.") : null;

    public ImmutableArray<Answer<BillableItem>> Read(ItemBodies bodies, Caller caller) => [.. Items!.Value.Select(item => bodies.ReadItem(item, caller))];
}

/// <summary>
/// Writes answers that have a part for each item: <c>index</c>, the <c>status</c> that the item's own route would have answered, and its body as
/// <c>result</c>, or the problem document as <c>error</c>.
/// </summary>
internal static class ItemResults
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body of <c>batch</c>. <c>creditsCharged</c> is the sum of the receipts.</summary>
    public static string Write(BatchOutcome outcome, HttpContext http)
    {
        var succeeded = outcome.Items.Count(item => item.Body is not null);
        return Write([.. outcome.Items.Select(item => (item.Body, item.Refusal))], http, writer =>
        {
            writer.WriteNumber("succeeded", succeeded);
            writer.WriteNumber("failed", outcome.Items.Length - succeeded);
            writer.WriteNumber("creditsCharged", outcome.Items.Sum(item => item.Body is { } body ? ChargedBy(body) : 0));
            writer.WriteBoolean("complete", outcome.IsComplete);
        });
    }

    /// <param name="rest">Writes the members beside <c>results</c>.</param>
    public static string Write(IReadOnlyList<(string? Body, Refusal? Refusal)> items, HttpContext http, Action<Utf8JsonWriter> rest)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Options))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("results");
            for (var index = 0; index < items.Count; index++)
            {
                writer.WriteStartObject();
                writer.WriteNumber("index", index);
                writer.WriteNumber("status", items[index].Refusal is { } problem ? Problems.StatusOf(problem.Code) : StatusCodes.Status200OK);
                writer.WritePropertyName(items[index].Refusal is null ? "result" : "error");
                writer.WriteRawValue(items[index].Refusal is { } refusal ? JsonSerializer.Serialize(Problems.BodyOf(refusal, http), Wire.Json) : items[index].Body!);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            rest(writer);
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    // From what the caller reads: an answer that is given again says what it said the first time.
    private static decimal ChargedBy(string body)
    {
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("receipt").GetProperty("creditsCharged").GetDecimal();
    }
}
