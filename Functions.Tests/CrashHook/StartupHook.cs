using ServerlessAi.Tests.Crashing;

/// <summary>
/// What the runtime loads into a process whose environment names this assembly in DOTNET_STARTUP_HOOKS: the app itself is the one that is shipped.
/// <c>CRASH_AT=settle-sent:3</c> kills the process the third time that it is about to send a settlement.
/// </summary>
/// <remarks>The name, the missing namespace and the method are the runtime's: github.com/dotnet/runtime, docs/design/features/host-startup-hook.md.</remarks>
#pragma warning disable MA0047 // The runtime looks for it outside of any namespace.
internal static class StartupHook
#pragma warning restore MA0047
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("CRASH_AT")?.Split(':') is [var point, var times])
        {
            System.Diagnostics.DiagnosticListener.AllListeners.Subscribe(new Watch(new CrashPoint(point, int.Parse(times))));
        }
    }
}
