using System.ComponentModel.DataAnnotations;

namespace ServerlessAi;

/// <summary>How much time a batch has. The platform ends every answer after 230 seconds.</summary>
public sealed class BatchOptions
{
    public const string Section = "Batch";

    /// <summary>Until when items may begin, milliseconds. What began last still has the time of a call until the answer.</summary>
    [Range(100, 220_000)]
    public int BeginMs { get; set; } = 150_000;

    /// <summary>When the answer goes out at the latest, milliseconds; items under way go on without it.</summary>
    [Range(100, 225_000)]
    public int AnswerMs { get; set; } = 215_000;

    /// <summary>How long a batch whose run ended without a word is kept from others: longer than any run, whatever the clocks of others say.</summary>
    internal TimeSpan Lease => TimeSpan.FromMilliseconds(AnswerMs) + TimeSpan.FromMinutes(1);
}
