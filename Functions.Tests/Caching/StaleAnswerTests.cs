using Azure.Data.Tables;
using ServerlessAi.Caching;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Flow;

namespace ServerlessAi.Tests.Caching;

/// <summary>Cached answers go some days after their end, with their texts, and never before nobody can be given them any more.</summary>
public sealed class StaleAnswerTests : IAsyncLifetime
{
    private const int HourSeconds = 3_600;

    private OpenAIStandIn openAI = null!;
    private TestApp app = null!;
    private SimulatedStorage storage = null!;

    public async Task InitializeAsync()
    {
        openAI = await OpenAIStandIn.StartAsync();
        openAI.Text = new string('x', 50_000);
        storage = new SimulatedStorage(TimeProvider.System, new SimulatedStorageOptions(PageLimit: 3, EmptyPages: true));
        (app, _) = await TestApp.StartSimulatedAsync(
            new Dictionary<string, string?> { ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey, ["Providers:OpenAI:BaseUrl"] = openAI.V1 }, storage: storage);
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await openAI.DisposeAsync();
    }

    [Fact]
    public async Task An_answer_stays_for_the_keys_that_met_it_and_then_goes_with_its_text()
    {
        await AskAsync("a poem", HourSeconds);
        var blob = AnswerCache.Read(Assert.Single(await RowsAsync())).TextBlob!;
        app.Clock.Advance(TimeSpan.FromMinutes(59));
        var met = await Keyed.SendAsync(app, "late", Poem("a poem", HourSeconds), "complete");
        // What it said went out, and its body is lost: only the shared text can give it again.
        await DeleteBodiesAsync();

        app.Clock.Advance(TimeSpan.FromHours(23.9));
        await app.Get<StaleAnswers>().TidyAsync(CancellationToken.None);
        var again = await Keyed.SendAsync(app, "late", Poem("a poem", HourSeconds), "complete");
        Assert.Equal((200, true, met.Text), (again.Status, again.IsReplayed, again.Text));
        Assert.NotNull(await app.Get<TextBlobs>().ReadAsync(blob, CancellationToken.None));

        app.Clock.Advance(StaleAnswers.Rest);
        await app.Get<StaleAnswers>().TidyAsync(CancellationToken.None);
        Assert.Empty(await RowsAsync());
        Assert.Null(await app.Get<TextBlobs>().ReadAsync(blob, CancellationToken.None));
    }

    [Fact]
    public async Task Of_many_only_those_go_that_have_ended_and_a_run_does_so_much()
    {
        for (var i = 0; i < 40; i++)
        {
            await AskAsync($"short {i}", HourSeconds);
            await AskAsync($"long {i}", (long)CacheUse.LongestTtl.TotalSeconds);
        }

        app.Clock.Advance(StaleAnswers.Rest + TimeSpan.FromHours(2));
        var left = new List<int>();
        while (left.Count < 20 && (left.Count == 0 || left[^1] > 40))
        {
            await app.Get<StaleAnswers>().TidyAsync(limit: 7, CancellationToken.None);
            left.Add((await RowsAsync()).Count);
        }

        Assert.InRange(left.Count, 4, 8);
        Assert.Equal(40, left[^1]);
        var asked = openAI.Requests.Count;
        await using var other = await TestApp.StartAsync(sharing: app, transport: storage, connectionString: SimulatedStorage.ConnectionString);
        for (var i = 0; i < 40; i++)
        {
            var reply = await other.PostAsync("complete", Poem($"long {i}", HourSeconds));
            Assert.Equal((200, true, openAI.Text), (reply.Status, reply.Flag("cached"), reply.Text("text")));
        }

        Assert.Equal(asked, openAI.Requests.Count);
    }

    [Fact]
    public async Task A_row_that_nobody_can_read_any_more_goes_and_keeps_no_other()
    {
        await AskAsync("a poem", HourSeconds);
        var row = Assert.Single(await RowsAsync());
        row["Answer"] = "{";
        await (await app.Get<Tables>().GetAsync(TableNames.Cache)).UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        await AskAsync("another", HourSeconds);
        app.Clock.Advance(StaleAnswers.Rest + TimeSpan.FromHours(2));

        await app.Get<StaleAnswers>().TidyAsync(CancellationToken.None);

        Assert.Empty(await RowsAsync());
    }

    [Fact]
    public async Task An_answer_that_is_made_anew_at_the_same_moment_stays()
    {
        await AskAsync("a poem", HourSeconds);
        app.Clock.Advance(StaleAnswers.Rest + TimeSpan.FromHours(2));
        await using var other = await TestApp.StartAsync(sharing: app, transport: storage, connectionString: SimulatedStorage.ConnectionString);
        var isMade = 0;
        storage.Faults = request =>
        {
            if (request.IsTransaction && request.Table.EndsWith(TableNames.Cache, StringComparison.Ordinal) && Interlocked.Exchange(ref isMade, 1) == 0)
            {
                other.PostAsync("complete", Poem("a poem", HourSeconds)).GetAwaiter().GetResult();
            }

            return Fault.None;
        };

        await app.Get<StaleAnswers>().TidyAsync(CancellationToken.None);

        storage.Faults = _ => Fault.None;
        Assert.Equal(1, isMade);
        var reply = await app.PostAsync("complete", Poem("a poem", HourSeconds));
        Assert.Equal((200, true, openAI.Text), (reply.Status, reply.Flag("cached"), reply.Text("text")));
    }

    private static object Poem(string prompt, long cacheTTL) => new { userId = "ann", prompt, model = "openai-gpt-4.1", cacheTTL };

    private async Task AskAsync(string prompt, long cacheTTL)
    {
        var reply = await app.PostAsync("complete", Poem(prompt, cacheTTL));
        Assert.Equal((200, false), (reply.Status, reply.Flag("cached")));
        // As many as anybody may ask for.
        app.Clock.Advance(TimeSpan.FromSeconds(2));
    }

    private async Task<List<TableEntity>> RowsAsync()
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Cache);
        return await client.QueryAsync<TableEntity>().Where(row => row.ContainsKey("ExpiresAt")).ToListAsync();
    }

    private async Task DeleteBodiesAsync()
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var row = await client.QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").SingleAsync();
        await app.Get<TextBlobs>().DeleteAsync(row.GetString("RenderedBlob"), CancellationToken.None);
    }
}
