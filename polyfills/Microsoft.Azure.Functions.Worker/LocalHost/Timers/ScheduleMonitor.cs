using System.Collections.Concurrent;
using System.Text.Json;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Remembers the last and next run of each timer: one JSON file per timer in the data folder, or memory when there is none.</summary>
internal sealed class ScheduleMonitor(string? dataFolder)
{
    private readonly ConcurrentDictionary<string, ScheduleStatus> _memory = new(StringComparer.OrdinalIgnoreCase);

    public ScheduleStatus? Read(string timer)
    {
        if (dataFolder is null)
        {
            return _memory.GetValueOrDefault(timer);
        }

        var file = FileOf(timer);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<ScheduleStatus>(File.ReadAllBytes(file));
        }
        catch (JsonException malformed)
        {
            throw new LocalHostException($"{file} is damaged ({malformed.Message}). Delete it to forget when {timer} last ran.", malformed);
        }
    }

    public void Write(string timer, ScheduleStatus status)
    {
        if (dataFolder is null)
        {
            _memory[timer] = status;
            return;
        }

        var file = FileOf(timer);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);

        // Renamed into place, so that a crash leaves the old status or the new one.
        var draft = file + ".new";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(status));
        File.Move(draft, file, overwrite: true);
    }

    /// <summary>
    /// Whether a run was due while nobody watched. As in the real host, a changed schedule forgets the past, and a timer seen
    /// for the first time is only written down.
    /// </summary>
    public bool IsPastDue(string timer, TimerSchedule schedule, DateTime now)
    {
        var status = Read(timer);
        if (status is not null && status.Next == schedule.Next(status.Last == default ? status.LastUpdated : status.Last))
        {
            return now > status.Next;
        }

        Write(timer, new ScheduleStatus { Next = schedule.Next(now), LastUpdated = now });
        return false;
    }

    private string FileOf(string timer) => Path.Combine(dataFolder!, "timers", $"{timer.ToLowerInvariant()}.json");
}
