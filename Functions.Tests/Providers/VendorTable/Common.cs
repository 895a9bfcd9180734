using ServerlessAi.Providers;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>What goes wrong between any two machines.</summary>
internal static class Common
{
    public const string Timeout = "timeout";
    public const string Stalled = "timeout in the body";
    public const string NeverMade = "connection never made";

    private static readonly IReadOnlyList<Trouble> Network =
    [
        new(Timeout, "nothing", Behaviour.Hang, ProviderFailure.Timeout),
        new(Stalled, "half an answer, then nothing", Behaviour.Stall("""{"id":"""), ProviderFailure.Timeout),
        new("connection lost", "a reset", Behaviour.Reset, ProviderFailure.ConnectionLost),
        new("connection lost in the body", "half an answer, then a reset", Behaviour.CutOff("""{"id":"""), ProviderFailure.ConnectionLost),
        new("broken body", "half of its JSON", Behaviour.BrokenJson, ProviderFailure.BadAnswer),
        new("a proxy's page", "502 HTML", Behaviour.Answer(502, "<html>Bad gateway</html>", "text/html"), ProviderFailure.Unavailable),
    ];

    // The stand-in is gone afterwards, so this comes last.
    private static readonly Trouble Last = new(NeverMade, "nobody listens", Behaviour.Reset, ProviderFailure.Unavailable);

    public static IReadOnlyList<Trouble> With(IReadOnlyList<Trouble> own) => [.. own, .. Network, Last];
}
