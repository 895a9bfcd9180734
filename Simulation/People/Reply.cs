using System.Text.Json;

namespace ServerlessAi.Simulation.People;

/// <summary>An answer as its receiver has it, read the way its route's clients read it.</summary>
/// <param name="Headers">Names in any case.</param>
internal sealed record Reply(int Status, string Text, IReadOnlyDictionary<string, string> Headers)
{
    private JsonElement? body;
    private EventStreamRead? events;

    /// <summary>It carries the header that says so.</summary>
    public bool IsReplay { get; init; } = Headers.ContainsKey("Idempotent-Replayed");

    /// <summary>It is the URL of an image that is still being made.</summary>
    public bool IsJob => Status == 202 && Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("jobId", out _);

    /// <summary>It came from there, later.</summary>
    public bool IsFollowed { get; init; }

    public bool IsStream => Headers.GetValueOrDefault("Content-Type")?.StartsWith("text/event-stream", StringComparison.Ordinal) == true;

    /// <summary>A stream that has begun can still come to a refusal, and then ends without a receipt.</summary>
    public bool Succeeded => Status == 200 && (!IsStream || Settlement is not null);

    /// <summary>The answer's JSON; of a stream what its end says about it.</summary>
    public JsonElement Body => body ??= IsStream ? Events.End : Parse(Text);

    /// <summary>What a stream said before its end; null of an answer that came whole.</summary>
    public string? Streamed => IsStream ? Events.Text : null;

    /// <summary>
    /// What must be the same when an idempotency key is repeated: a stream may come in other pieces, and of a batch each item that was answered and charged
    /// must be what it was, by its place.
    /// </summary>
    public IEnumerable<(int Place, string Text)> Essences =>
        IsStream ? [(0, $"{Events.Text}\n{Events.End}")]
        : Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("complete", out _) ? Items
        : [(0, Text)];

    private IEnumerable<(int Place, string Text)> Items => Body.GetProperty("results").EnumerateArray()
        .Where(item => item.TryGetProperty("result", out var result) && result.GetProperty("receipt").GetProperty("settlement").GetString() != "pending")
        .Select(item => (item.GetProperty("index").GetInt32(), item.GetProperty("result").GetRawText()));

    /// <summary>The answer went out before its charge was written.</summary>
    public bool IsPending => Succeeded && Settlement == "pending";

    /// <summary>The vendor broke off in the middle, and what had been said counts.</summary>
    public bool IsPartial => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty("source", out var source) && source.GetString() == "partial";

    public bool IsCached => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("cached", out var cached) ? cached.GetBoolean() : Headers.GetValueOrDefault("x-cache") == "hit";

    public string OperationId => Receipt is { } receipt ? receipt.GetProperty("operationId").GetString()! : Headers["x-operation-id"];

    /// <summary>Credits.</summary>
    public decimal Charged => Receipt is { } receipt
        ? receipt.GetProperty("creditsCharged").GetDecimal()
        : decimal.Parse(Headers["x-credits-charged"], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Null where the route's answers have no place for one.</summary>
    public JsonElement? Receipt => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("receipt", out var receipt) ? receipt : null;

    public string? Code =>
        Body.ValueKind != JsonValueKind.Object || (Status < 400 && !IsStream) ? null
        : Body.TryGetProperty("code", out var code) ? code.GetString()
        : Body.TryGetProperty("error", out var error) ? error.GetProperty("code").GetString()
        : null;

    private string? Settlement => Receipt is { } receipt ? receipt.GetProperty("settlement").GetString() : Headers.GetValueOrDefault("x-settlement");

    private EventStreamRead Events => events ??= EventStreamRead.Of(Text);

    private static JsonElement Parse(string text) => text.StartsWith('{') ? JsonDocument.Parse(text).RootElement : default;
}

/// <summary>A stream of server-sent events, of <c>complete</c> or of <c>v1/chat/completions</c>.</summary>
/// <param name="Text">The pieces of the answer, put together.</param>
/// <param name="End">The event that has the receipt, or the error.</param>
internal sealed record EventStreamRead(string Text, JsonElement End)
{
    private const string Data = "data: ";

    public static EventStreamRead Of(string text)
    {
        var (said, end) = ("", default(JsonElement));
        foreach (var line in text.Split('\n').Where(line => line.StartsWith(Data + "{", StringComparison.Ordinal)))
        {
            var data = JsonDocument.Parse(line[Data.Length..]).RootElement;
            said += PieceOf(data);
            end = data.TryGetProperty("serverlessai", out var ours) ? ours : data;
        }

        return new EventStreamRead(said, end);
    }

    private static string? PieceOf(JsonElement data)
    {
        if (data.TryGetProperty("delta", out var piece))
        {
            return piece.GetString();
        }

        return data.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0 && choices[0].GetProperty("delta").TryGetProperty("content", out var content)
            ? content.GetString()
            : null;
    }
}
