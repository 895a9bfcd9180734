using System.Diagnostics;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

internal static class Wait
{
    /// <summary>Real hosts run on threads of their own: what they do next is awaited, with a limit.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"Waited in vain until {what}");
            await Task.Delay(5);
        }
    }
}
