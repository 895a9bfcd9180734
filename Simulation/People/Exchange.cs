using ServerlessAi.Primitives;

namespace ServerlessAi.Simulation.People;

/// <summary>One request that somebody sent, and what came of it.</summary>
internal sealed class Exchange(int number, string user, string method, string path, string? body, string? key)
{
    /// <summary>The app forgets keys after a day, and a careful sender does not repeat them for that long.</summary>
    public static readonly TimeSpan KeyLife = TimeSpan.FromHours(23);

    private static readonly HashSet<string> BillablePaths =
        ["api/ai-preview-image", "api/complete", "api/v1/chat/completions", "api/v1/embeddings", "api/batch", "api/search"];

    private static readonly AsyncLocal<Exchange?> Flowing = new();

    /// <summary>The request on whose behalf the present code runs; null outside any.</summary>
    public static Exchange? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    public int Number => number;

    public string User => user;

    /// <summary>Whose holds its calls may need: the sender's, their team's, or that of the app's own work.</summary>
    public IReadOnlyList<string> Accounts =>
        Path.EndsWith("/warm-cache", StringComparison.Ordinal) ? [SystemAccounts.WarmCache] : Team.Has(User) ? [User, Team.Account] : [User];

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

    /// <summary>The number of the last request that was sent before this one's end: those after it came when its answer was known.</summary>
    public int LastBeforeItsEnd { get; set; } = int.MaxValue;

    /// <summary>Which machine got it; null as long as none did.</summary>
    public int? Machine { get; set; }

    /// <summary>Null: the connection broke, or the sender left.</summary>
    public Reply? Reply { get; set; }

    /// <summary>It was answered before its charge was written, and what charges it lay in storage already.</summary>
    public bool IsChargePromised { get; set; }

    /// <summary>Credits that an admin's request asks for; 0 for other requests.</summary>
    public decimal Credits { get; init; }

    public bool IsBatch => Path == "api/batch";

    public bool WantsStream => Body?.Contains("\"stream\":true", StringComparison.Ordinal) == true;

    public bool IsBillable => Method == "POST" && BillablePaths.Contains(Path);

    public override string ToString() => $"#{Number} {User} {Method} {Path} {Key} {Body} -> {(Reply is null ? "broken" : $"{Reply.Status} {Reply.Code}")}";
}
