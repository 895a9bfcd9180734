using System.Text.Json;

namespace ServerlessAi.Simulation.People;

/// <summary>An answer as its receiver has it.</summary>
/// <param name="IsReplay">It carries the header that says so.</param>
internal sealed record Reply(int Status, string Text, bool IsReplay)
{
    private JsonElement? body;

    public bool Succeeded => Status == 200;

    /// <summary>It is the URL of an image that is still being made.</summary>
    public bool IsJob => Status == 202 && Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("jobId", out _);

    /// <summary>It came from there, later.</summary>
    public bool IsFollowed { get; init; }

    public JsonElement Body => body ??= Text.StartsWith('{') ? JsonDocument.Parse(Text).RootElement : default;

    /// <summary>The answer went out before its charge was written.</summary>
    public bool IsPending => Succeeded && Body.TryGetProperty("receipt", out var receipt) && receipt.GetProperty("settlement").GetString() == "pending";

    public string? Code => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty("code", out var code) ? code.GetString() : null;
}

/// <summary>One request that somebody sent, and what came of it.</summary>
internal sealed class Exchange(int number, string user, string method, string path, string? body, string? key)
{
    /// <summary>The app forgets keys after a day, and a careful sender does not repeat them for that long.</summary>
    public static readonly TimeSpan KeyLife = TimeSpan.FromHours(23);

    private static readonly AsyncLocal<Exchange?> Flowing = new();

    /// <summary>The request on whose behalf the present code runs; null outside any.</summary>
    public static Exchange? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    public int Number => number;

    public string User => user;

    public string Method => method;

    public string Path => path;

    public string? Body => body;

    /// <summary>The idempotency key; null for none.</summary>
    public string? Key => key;

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Ids that the app made while it served this request.</summary>
    public List<string> OperationIds { get; } = [];

    /// <summary>By the world's calendar.</summary>
    public DateTimeOffset SentAt { get; set; }

    /// <summary>By the world's calendar.</summary>
    public DateTimeOffset EndedAt { get; set; }

    /// <summary>Which machine got it; null as long as none did.</summary>
    public int? Machine { get; set; }

    /// <summary>Null: the connection broke, or the sender left.</summary>
    public Reply? Reply { get; set; }

    /// <summary>It was answered before its charge was written, and what charges it lay in storage already.</summary>
    public bool IsChargePromised { get; set; }

    /// <summary>Credits that an admin's request asks for; 0 for other requests.</summary>
    public decimal Credits { get; init; }

    public bool IsBillable => Path is "api/complete" or "api/ai-preview-image";

    public override string ToString() => $"#{Number} {User} {Method} {Path} {Key} {Body} -> {(Reply is null ? "broken" : $"{Reply.Status} {Reply.Code}")}";
}
