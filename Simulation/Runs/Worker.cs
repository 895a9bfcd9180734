using System.Text.Json;

namespace ServerlessAi.Simulation.Runs;

/// <summary>Runs seeds in this process, one after the other, and prints a line of JSON for each.</summary>
internal static class Worker
{
    public static int Run(CampaignOptions options)
    {
        foreach (var seed in options.All)
        {
            var result = Runs.Run.Of(seed, options.Trace ? Console.Error.WriteLine : null);
            Console.Out.WriteLine(JsonSerializer.Serialize(result));
            if (options.StopAtFirst && result.Violations.Count > 0)
            {
                return 1;
            }
        }

        return 0;
    }
}
