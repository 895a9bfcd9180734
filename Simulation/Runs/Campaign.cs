using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace ServerlessAi.Simulation.Runs;

/// <summary>Runs many seeds in several processes, each with a thread of its own, and adds up what they found.</summary>
internal sealed class Campaign(CampaignOptions options)
{
    private const int ShownSeedsLimit = 20;
    private const int ProgressSeeds = 1_000;

    private readonly List<RunResult> results = [];
    private readonly List<Process> workers = [];
    private readonly Stopwatch watch = Stopwatch.StartNew();

    /// <returns>The exit code: 0 when every seed kept every promise.</returns>
    public int Run()
    {
        var count = Math.Min(Environment.ProcessorCount, options.Seeds);
        using var lines = new BlockingCollection<string>();
        var readers = Enumerable.Range(0, count).Select(number => StartReader(number, count, lines)).ToList();
        _ = Task.WhenAll(readers).ContinueWith(_ => lines.CompleteAdding(), TaskScheduler.Default);
        foreach (var line in lines.GetConsumingEnumerable())
        {
            Take(JsonSerializer.Deserialize<RunResult>(line)!);
        }

        return Conclude();
    }

    // A thread each: the pool of this process has but one, and readers wait.
    private Task StartReader(int number, int count, BlockingCollection<string> lines)
    {
        var seeds = (options.Seeds - number + count - 1) / count;
        List<string> args = [typeof(Campaign).Assembly.Location, "--worker", "--seeds", Text(seeds), "--from", Text(options.From + number), "--step", Text(count)];
        args.AddRange(options.Trace ? ["--trace"] : []);
        args.AddRange(options.StopAtFirst ? ["--stop-at-first"] : []);
        var worker = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, args) { UseShellExecute = false, RedirectStandardOutput = true })!;
        workers.Add(worker);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Kill(worker);
        return Task.Factory.StartNew(
            () =>
            {
                while (worker.StandardOutput.ReadLine() is { } line)
                {
                    lines.Add(line);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private void Take(RunResult result)
    {
        results.Add(result);
        var failed = results.Count(other => other.Violations.Count > 0);
        if (result.Violations.Count > 0 && failed <= ShownSeedsLimit)
        {
            Console.WriteLine($"Seed {result.Seed}: {result.Violations.Count} violations. Run it again: ./dev sim --seeds 1 --from {result.Seed} --trace");
            foreach (var violation in result.Violations)
            {
                Console.WriteLine("  " + violation);
            }
        }

        if (options.StopAtFirst && failed > 0)
        {
            workers.ForEach(Kill);
        }
        else if (results.Count % ProgressSeeds == 0)
        {
            PrintCoverage();
            Console.WriteLine($"{results.Count} seeds, {failed} failed, {watch.Elapsed.TotalSeconds:F0} s");
        }
    }

    private int Conclude()
    {
        var failed = results.Count(result => result.Violations.Count > 0);
        var violations = results.Sum(result => (long)result.Violations.Count);
        Console.WriteLine(
            $"{results.Sum(result => (long)result.Requests):N0} requests, {results.Sum(result => (long)result.ProviderCalls):N0} provider calls, "
            + $"{results.Sum(result => result.StorageRequests):N0} storage requests ({results.Sum(result => result.StorageFaults):N0} of them went wrong), "
            + $"{results.Sum(result => (long)result.Crashes):N0} crashes and stops, {results.Sum(result => result.VirtualHours):N0} hours of simulated time.");
        PrintCoverage();
        Console.WriteLine($"{results.Count} seeds, {failed} failed, {violations} violations, {watch.Elapsed.TotalSeconds:F0} s.");
        if (results.Count < options.Seeds && !(options.StopAtFirst && failed > 0))
        {
            Console.WriteLine($"Only {results.Count} of {options.Seeds} seeds came to an end.");
            return 2;
        }

        return failed == 0 ? 0 : 1;
    }

    private void PrintCoverage()
    {
        foreach (var thing in results.SelectMany(result => result.Coverage).GroupBy(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal).OrderBy(thing => thing.Key, StringComparer.Ordinal))
        {
            Console.WriteLine($"  {thing.Sum(),10:N0} {thing.Key}");
        }
    }

    private static void Kill(Process worker)
    {
        try
        {
            worker.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
