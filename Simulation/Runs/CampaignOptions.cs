using System.Globalization;

namespace ServerlessAi.Simulation.Runs;

/// <summary>What the command line asks for.</summary>
/// <param name="Step">This process takes every so-manieth seed.</param>
/// <param name="StopAtFirst">Ends with the first seed that shows a violation.</param>
/// <param name="IsWorker">Part of a larger campaign: prints its results for another process to read.</param>
internal sealed record CampaignOptions(int Seeds, int From, int Step, bool Trace, bool StopAtFirst, bool IsWorker)
{
    public const string Usage = "--seeds N [--from S] [--trace] [--stop-at-first]";

    public IEnumerable<int> All => Enumerable.Range(0, Seeds).Select(number => From + number * Step);

    /// <returns>Null when the arguments make no sense.</returns>
    public static CampaignOptions? Parse(IReadOnlyList<string> args)
    {
        var options = new CampaignOptions(Seeds: 300, From: 1, Step: 1, Trace: false, StopAtFirst: false, IsWorker: false);
        for (var i = 0; i < args.Count; i++)
        {
            var number = i + 1 < args.Count && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : (int?)null;
            var next = args[i] switch
            {
                "--seeds" when number is > 0 => options with { Seeds = number.Value },
                "--from" when number is { } from => options with { From = from },
                "--step" when number is > 0 => options with { Step = number.Value },
                "--trace" => options with { Trace = true },
                "--stop-at-first" => options with { StopAtFirst = true },
                "--worker" => options with { IsWorker = true },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
            i += args[i] is "--seeds" or "--from" or "--step" ? 1 : 0;
        }

        return options;
    }
}
