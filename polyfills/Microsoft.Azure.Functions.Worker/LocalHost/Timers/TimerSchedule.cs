using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using NCrontab;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>When a timer fires, in UTC as in Azure: NCRONTAB with six fields, or five without seconds, or a TimeSpan between runs.</summary>
internal sealed partial class TimerSchedule
{
    private readonly CrontabSchedule? _cron;
    private readonly TimeSpan _interval;

    private TimerSchedule(CrontabSchedule cron) => _cron = cron;

    private TimerSchedule(TimeSpan interval) => _interval = interval;

    /// <summary>The schedule, or why there is none.</summary>
    public static TimerSchedule? Parse(string expression, IConfiguration configuration, out string? error)
    {
        string? missing = null;
        var text = Setting().Replace(expression, match =>
        {
            var name = match.Groups["name"].Value;
            var value = configuration[name] ?? configuration[name.Replace("__", ":", StringComparison.Ordinal)];
            if (string.IsNullOrWhiteSpace(value))
            {
                missing = name;
            }

            return value ?? "";
        }).Trim();
        if (missing is not null)
        {
            error = $"'%{missing}%' does not resolve to a value.";
            return null;
        }

        error = null;
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
        if (CrontabSchedule.TryParse(text, new CrontabSchedule.ParseOptions { IncludingSeconds = fields == 6 }) is { } cron)
        {
            return new TimerSchedule(cron);
        }

        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval) && interval > TimeSpan.Zero)
        {
            return new TimerSchedule(interval);
        }

        error = $"The schedule expression '{text}' was not recognized as a valid cron expression or timespan string.";
        return null;
    }

    public DateTime Next(DateTime after)
    {
        if (_cron is not null)
        {
            return DateTime.SpecifyKind(_cron.GetNextOccurrence(after), DateTimeKind.Utc);
        }

        return DateTime.MaxValue - after > _interval ? after + _interval : DateTime.MaxValue;
    }

    /// <summary>The real host does not monitor timers that fire more often than once a minute.</summary>
    public bool IsTooFrequentToMonitor(DateTime now)
    {
        var previous = Next(now);
        for (var i = 0; i < 5; i++)
        {
            var next = Next(previous);
            if (next - previous < TimeSpan.FromMinutes(1) && next < DateTime.MaxValue)
            {
                return true;
            }

            previous = next;
        }

        return false;
    }

    [GeneratedRegex("%(?<name>[^%]+)%", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Setting();
}
