using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Providers;

/// <summary>How long streams are listened to.</summary>
public sealed class StreamOptions
{
    /// <summary>Silence between two chunks after which a stream counts as broken, milliseconds.</summary>
    [Range(50, 220_000)]
    public int SilenceMs { get; set; } = 60_000;

    /// <summary>How long the vendor is read on after the client has left, to learn what the call cost, milliseconds.</summary>
    [Range(0, 220_000)]
    public int DrainMs { get; set; } = 8_000;

    /// <summary>How much of it, bytes.</summary>
    [Range(0, 100_000_000)]
    public int DrainBytes { get; set; } = 1_000_000;

    /// <summary>How long streams may go on when the app is told to stop, milliseconds; a part of the half minute that it has for that.</summary>
    [Range(0, 25_000)]
    public int StopMs { get; set; } = 15_000;
}
