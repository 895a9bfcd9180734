using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Simulator.Vendors;
using Xunit.Abstractions;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>
/// Every vendor with everything that can become of a call to it, through the app's own adapters and chain:
/// <c>dotnet test --filter VendorTable --logger "console;verbosity=detailed"</c> prints the table.
/// </summary>
public sealed class VendorTableTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_a_vendor_does_is_mapped_as_specified()
    {
        List<Line> expected = [], found = [];
        foreach (var vendor in Vendors.All)
        {
            await using var trial = await VendorTrial.StartAsync(vendor);
            if (vendor.Stream is { } stream)
            {
                await TryStreamsAsync(vendor, stream, trial, expected, found);
            }

            foreach (var trouble in vendor.Troubles)
            {
                // Another model's vectors would be no answer.
                expected.Add(Line.Of(vendor.Name, trouble.Case, trouble.Says, trouble.Failure, trouble.RetryAfter, neverFallsBack: vendor.Kind == ModelKind.Embedding));
                found.Add(await trial.TryAsync(trouble));
            }
        }

        output.WriteLine(Line.Table(found));
        output.WriteLine($"{found.Count} cases of {Vendors.All.Count} vendors.");
        // Pairs, because a list of hundreds is cut short at its first difference.
        Assert.Equal([], expected.Zip(found).Where(pair => pair.First != pair.Second).Select(pair => $"expected {pair.First.Row} but found {pair.Second.Row}"));
    }

    private static async Task TryStreamsAsync(Vendor vendor, StreamScript stream, VendorTrial trial, List<Line> expected, List<Line> found)
    {
        var (name, word, never) = (vendor.Name, vendor.FirstWord, new TaskCompletionSource().Task);
        // OpenAI's first chunk has no word in it, but is out by then: nobody else can be asked any more.
        var hasBegun = word == 1;
        var erred = name == "anthropic" ? ProviderFailure.Overloaded : ProviderFailure.Unavailable;

        expected.Add(new Line(name, "stream", "all of it", "ok", MayCost: false, FallsBack: false, RetryAfter: null));
        found.Add(await trial.StreamAsync("stream", "all of it", stream.ToBehaviour()));
        await AddAsync(ProviderFailure.ConnectionLost, falls: true, "stream broken at once", "a reset", stream with { BreakBefore = 0 });
        await AddAsync(ProviderFailure.ConnectionLost, !hasBegun, "stream broken before a word", "its head, then the end", stream with { BreakBefore = word });
        await AddAsync(erred, falls: true, "error event at once", "an error event", stream with { ErrorAt = 0 });
        await AddAsync(erred, !hasBegun, "error event before a word", "its head, an error event", stream with { ErrorAt = word });
        await AddAsync(ProviderFailure.Timeout, falls: true, "silent stream", "nothing", stream.Before(0, never), silentAfter: 0);
        await AddAsync(null, falls: false, "stream broken in the middle", "two words, then the end", stream with { BreakBefore = word + 2 });
        await AddAsync(null, falls: false, "error event in the middle", "two words, an error event", stream with { ErrorAt = word + 2 });
        await AddAsync(null, falls: false, "stream silent in the middle", "two words, then nothing", stream.Before(word + 2, never), silentAfter: 7);
        await AddAsync(null, falls: false, "stream with nonsense in the middle", "two words, broken JSON", stream with { GarbageAt = word + 2 });

        async Task AddAsync(ProviderFailure? failure, bool falls, string what, string says, StreamScript script, long? silentAfter = null)
        {
            expected.Add(failure is { } known ? Line.Of(name, what, says, known, neverFallsBack: !falls) : new Line(name, what, says, "partial", MayCost: true, FallsBack: false, RetryAfter: null));
            found.Add(await trial.StreamAsync(what, says, script.ToBehaviour(), silentAfter));
        }
    }
}
