using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.OpenAI;

namespace ServerlessAi.Tests.Caching;

/// <summary>The app with a vendor of text and one of search, its timer run by hand.</summary>
internal sealed class WarmWorld : IAsyncDisposable
{
    public const string Prompt = "What do red foxes eat?";

    private readonly TavilyStandIn search;

    private WarmWorld(TestApp app, OpenAIStandIn vendor, TavilyStandIn search) => (App, Vendor, this.search) = (app, vendor, search);

    public TestApp App { get; }

    public OpenAIStandIn Vendor { get; }

    public static async Task<WarmWorld> StartAsync(string budgetUsd, params (string Name, string Value)[] settings)
    {
        var (vendor, found) = (await OpenAIStandIn.StartAsync(), await TavilyStandIn.StartAsync());
        var all = new Dictionary<string, string?>
        {
            ["Cache:WarmMonthlyUsd"] = budgetUsd,
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = vendor.V1,
            ["Providers:Tavily:ApiKey"] = TavilyStandIn.ApiKey,
            ["Providers:Tavily:BaseUrl"] = found.BaseUrl,
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return new WarmWorld(await TestApp.StartAsync(all), vendor, found);
    }

    public int Asked(string route) => route is "search" ? search.Requests.Count : Vendor.Requests.Count;

    public async Task AskAsync(string route, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Equal(200, (await AskOnceAsync(route)).Status);
        }
    }

    public Task<Reply> AskOnceAsync(string route) => App.SendAsync(
        HttpMethod.Post,
        route,
        route switch
        {
            "complete" => new { prompt = Prompt, model = "GPT_4_TURBO" },
            "search" => new { query = Prompt },
            _ => new { model = "GPT_4_TURBO", messages = new[] { new { role = "user", content = Prompt } }, max_tokens = 100, user = "somebody", metadata = new { chatId = "c" } },
        },
        change: request => request.Headers.Add("x-user-id", "ann"));

    public async Task<bool> IsHitAsync(string route) => (await AskOnceAsync(route)).Headers["x-cache"] is "hit";

    /// <summary>Lets time pass; what is collected in memory is written before, and the timer runs at the end.</summary>
    public async Task PassAsync(TimeSpan time, bool run = true)
    {
        foreach (var collector in (IEnumerable<IFlushed>)App.Services.GetService(typeof(IEnumerable<IFlushed>))!)
        {
            await collector.FlushAsync(CancellationToken.None);
        }

        App.Clock.Advance(time);
        if (run)
        {
            await RunAsync();
        }
    }

    public Task<int> RunAsync() => App.Get<WarmCache>().RenewAsync(CancellationToken.None);

    public async Task<List<TableEntity>> RowsAsync(string? partition)
    {
        var cache = await App.Get<Tables>().GetAsync(TableNames.Cache);
        return await cache.QueryAsync<TableEntity>(partition is null ? null : $"PartitionKey eq '{partition}'").ToListAsync();
    }

    /// <summary>The audit finds nothing, and ann has paid for her own calls alone.</summary>
    public async Task AssertBooksAsync(int? charges = null)
    {
        var audit = await App.GetAsync("manage/audit", App.Admin);
        Assert.Equal((200, true, 0m, 0m), (audit.Status, audit.Flag("conserved"), audit.Number("discrepancyCount"), audit.Number("openHolds")));
        var entries = await App.Get<AccountHistory>().ReadEntriesAsync("ann", AccountHistory.PageLimit, before: null, CancellationToken.None);
        Assert.True(charges is null || entries.Count(entry => entry.Kind == EntryKind.Charge) == charges, "ann paid for her own calls alone");
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Vendor.DisposeAsync();
        await search.DisposeAsync();
    }
}
