using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers;

/// <summary>The stand-ins of all vendors of search, and the settings that lead to them.</summary>
internal sealed class SearchVendors : IAsyncDisposable
{
    public static readonly string[] Names = ["tavily", "serper", "exa", "firecrawl"];

    private static readonly Dictionary<string, string> Keys = new(StringComparer.Ordinal)
    {
        ["tavily"] = TavilyStandIn.ApiKey,
        ["serper"] = SerperStandIn.ApiKey,
        ["exa"] = ExaStandIn.ApiKey,
        ["firecrawl"] = FirecrawlStandIn.ApiKey,
    };

    private readonly Dictionary<string, VendorStandIn> standIns;

    private SearchVendors(Dictionary<string, VendorStandIn> standIns) => this.standIns = standIns;

    public VendorStandIn this[string name] => standIns[name];

    public (string Name, string? Value)[] Settings =>
        [.. Names.SelectMany(name => new (string, string?)[] { ($"Providers:{name}:ApiKey", Keys[name]), ($"Providers:{name}:BaseUrl", standIns[name].BaseUrl) })];

    public static async Task<SearchVendors> StartAsync() => new(new(StringComparer.Ordinal)
    {
        ["tavily"] = await TavilyStandIn.StartAsync(),
        ["serper"] = await SerperStandIn.StartAsync(),
        ["exa"] = await ExaStandIn.StartAsync(),
        ["firecrawl"] = await FirecrawlStandIn.StartAsync(),
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var standIn in standIns.Values)
        {
            await standIn.DisposeAsync();
        }
    }
}
