using System.Diagnostics;

namespace ServerlessAi.Tests.Crashing;

/// <summary>Kills this process, as a power cut would, when it comes to a place for the so-manieth time.</summary>
internal sealed class CrashPoint(string name, int times)
{
    private int left = times;

    public void Pass(string place)
    {
        if (string.Equals(place, name, StringComparison.Ordinal) && Interlocked.Decrement(ref left) == 0)
        {
            // SIGKILL: no handler runs, nothing is flushed.
            Process.GetCurrentProcess().Kill();
            using var never = new ManualResetEventSlim();
            never.Wait();
        }
    }
}
