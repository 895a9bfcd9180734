using System.Globalization;

namespace ServerlessAi.Tests.Crashes;

/// <summary>A place where an instance of the app runs as a process of its own, dies, and is started again.</summary>
internal sealed class CrashSlot(IReadOnlyDictionary<string, string?> settings) : IAsyncDisposable
{
    /// <summary>Where CrashHook can end a process: before or after a step's request.</summary>
    private static readonly string[] Points =
    [
        "reserve-sent", "reserve-answered", "provider-sent", "provider-answered", "settle-sent", "settle-answered", "body-sent", "body-answered",
    ];

    private static readonly TimeSpan PointPatience = TimeSpan.FromSeconds(10);

    private volatile AppProcess? process;
    private string? point;

    /// <summary>The running instance; null while it is down.</summary>
    public AppProcess? Running => process;

    /// <summary>Starts the app. Most of those that may crash die by themselves at a named point, the rest when they are told to.</summary>
    public async Task StartAsync(Random random, bool mayCrash)
    {
        point = mayCrash && random.Next(3) > 0 ? Points[random.Next(Points.Length)] : null;
        var all = new Dictionary<string, string?>(settings, StringComparer.OrdinalIgnoreCase);
        if (point is not null)
        {
            all["DOTNET_STARTUP_HOOKS"] = Path.Combine(AppContext.BaseDirectory, "CrashHook.dll");
            all["CRASH_AT"] = string.Create(CultureInfo.InvariantCulture, $"{point}:{random.Next(1, 6)}");
        }

        process = await AppProcess.StartAsync(all);
    }

    /// <summary>Waits until the process has died at its point, or kills it at some instant.</summary>
    /// <returns>Where it died.</returns>
    public async Task<string> DieAsync(Random random)
    {
        var dying = process!;
        var place = point ?? "anywhere";
        var patience = point is null ? TimeSpan.FromMilliseconds(random.Next(20, 1_500)) : PointPatience;
        try
        {
            await dying.Ended.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            place = "anywhere";
            await dying.KillAsync();
        }

        process = null;
        await dying.DisposeAsync();
        return place;
    }

    public ValueTask DisposeAsync() => process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
