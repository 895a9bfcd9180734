using System.Globalization;
using System.Text.RegularExpressions;

namespace ServerlessAi.Providers;

/// <summary>Reads how long a vendor wants to be left alone.</summary>
/// <remarks>
/// RFC 9110 has <c>Retry-After</c> in seconds or as a date; Azure OpenAI and OpenAI add <c>retry-after-ms</c>. OpenAI and Groq say when a used-up limit is
/// fresh again, <c>x-ratelimit-reset-requests: 6m0s</c> (platform.openai.com/docs/guides/rate-limits, console.groq.com/docs/rate-limits).
/// </remarks>
internal static partial class RateLimits
{
    // Further ahead nobody plans, and a header may say anything.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <param name="header">Finds a header of the answer by its name; null when it has none.</param>
    public static TimeSpan? RetryAfter(Func<string, string?> header, DateTimeOffset now) => Bounded(
        Number(header("retry-after-ms")) / 1_000
        ?? Number(header("retry-after"))
        ?? (Date(header("retry-after")) - now)?.TotalSeconds
        ?? UsedUp(header, "requests")
        ?? UsedUp(header, "tokens"));

    /// <summary>A length of time as Go writes it, <c>1m2.5s</c>; null when it is none.</summary>
    public static TimeSpan? Duration(string? text) => Bounded(Seconds(text));

    private static double? UsedUp(Func<string, string?> header, string limit) =>
        header($"x-ratelimit-remaining-{limit}") is "0" ? Seconds(header($"x-ratelimit-reset-{limit}")) : null;

    private static double? Seconds(string? text)
    {
        if (text is null || GoDuration().Match(text) is not { Success: true, Length: > 0 } match)
        {
            return null;
        }

        return Part(match, "h") * 3_600 + Part(match, "m") * 60 + Part(match, "s") + Part(match, "ms") / 1_000;
    }

    private static double Part(Match match, string name) => Number(match.Groups[name].Value) ?? 0;

    private static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;

    private static TimeSpan? Bounded(double? seconds) => seconds switch
    {
        null or double.NaN => null,
        <= 0 => TimeSpan.Zero,
        { } value => value < Longest.TotalSeconds ? TimeSpan.FromSeconds(value) : Longest,
    };

    [GeneratedRegex(@"^((?<h>[\d.]+)h)?((?<m>[\d.]+)m(?!s))?((?<s>[\d.]+)s)?((?<ms>[\d.]+)ms)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex GoDuration();
}
