using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;
using Fault = ServerlessAi.Simulator.Storage.Fault;

namespace ServerlessAi.Tests.Flow;

/// <summary>Answers that fit no row: their text is kept in a blob, and everything that answers have in common holds for them too.</summary>
public sealed class LongAnswerTests : IAsyncLifetime
{
    private const string Blobs = "answers-";
    private static readonly object Poem = new { userId = "ann", prompt = "a long poem", model = "openai-gpt-4.1" };

    private OpenAIStandIn openAI = null!;
    private TestApp app = null!;
    private SimulatedStorage storage = null!;

    public async Task InitializeAsync()
    {
        openAI = await OpenAIStandIn.StartAsync();
        // Nine characters, of which storage makes many more: quotes, a backslash, what is no ASCII.
        openAI.Text = string.Concat(Enumerable.Repeat("\"Füchse\"\\", 100_000));
        (app, storage) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?>
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = openAI.V1,
            ["Credits:PatienceMs"] = "100",
        });
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await openAI.DisposeAsync();
    }

    [Fact]
    public async Task A_long_answer_with_a_key_is_charged_once_and_given_again_byte_for_byte()
    {
        var first = await Keyed.SendAsync(app, "poem-1", Poem, "complete");
        app.Clock.Advance(TimeSpan.FromHours(3));
        var second = await Keyed.SendAsync(app, "poem-1", Poem, "complete");

        Assert.Equal((200, 200, false, true), (first.Status, second.Status, first.IsReplayed, second.IsReplayed));
        Assert.Equal(openAI.Text, TextOf(first));
        Assert.Equal(first.Text, second.Text);
        Assert.Single(openAI.Requests);
        Assert.Equal(1, await ChargesAsync());
    }

    [Fact]
    public async Task A_long_answer_whose_body_was_not_kept_is_made_again_from_its_text()
    {
        // The container comes first, then the text, then the body.
        var puts = 0;
        storage.Faults = request => IsBlobWrite(request) && Interlocked.Increment(ref puts) > 2 ? Fault.Busy503 : Fault.None;
        var first = await Keyed.SendAsync(app, "poem-1", Poem, "complete");
        storage.Faults = _ => Fault.None;
        app.Clock.Advance(TimeSpan.FromSeconds(11));

        var second = await Keyed.SendAsync(app, "poem-1", Poem, "complete");
        var third = await Keyed.SendAsync(app, "poem-1", Poem, "complete");

        Assert.Equal((200, 200, true), (first.Status, second.Status, second.IsReplayed));
        Assert.Equal(openAI.Text, TextOf(second));
        Assert.Equal(second.Text, third.Text);
        Assert.Equal(1, await ChargesAsync());
    }

    [Fact]
    public async Task A_long_answer_is_cached_and_free_for_everybody_on_every_instance()
    {
        await app.PostAsync("complete", Poem);
        await using var other = await TestApp.StartAsync(sharing: app, transport: storage, connectionString: SimulatedStorage.ConnectionString);

        var here = await app.CompleteAsync("bob", "a long poem", "openai-gpt-4.1");
        var there = await other.CompleteAsync("cy", "a long poem", "openai-gpt-4.1");
        var keyed = await Keyed.SendAsync(other, "poem-1", Poem, "complete");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        var replay = await Keyed.SendAsync(other, "poem-1", Poem, "complete");

        Assert.All([here, there], reply => Assert.Equal((200, true, 0m, openAI.Text), (reply.Status, reply.Flag("cached"), reply.Number("creditsUsed"), reply.Text("text"))));
        Assert.Equal((200, openAI.Text, true), (keyed.Status, TextOf(keyed), replay.IsReplayed));
        Assert.Equal(keyed.Text, replay.Text);
        Assert.Single(openAI.Requests);
    }

    [Fact]
    public async Task When_no_blob_can_be_written_a_key_is_not_charged_and_can_be_used_again()
    {
        storage.Faults = request => IsBlobWrite(request) ? Fault.Busy503 : Fault.None;
        var refused = await Keyed.SendAsync(app, "poem-1", Poem, "complete");
        storage.Faults = _ => Fault.None;
        var charges = await ChargesAsync();
        var again = await Keyed.SendAsync(app, "poem-1", Poem, "complete");

        Assert.Equal((503, "storage_unavailable", true, 0), (refused.Status, refused.Code, refused.HasRetryAfter, charges));
        Assert.Equal((200, false, 1), (again.Status, again.IsReplayed, await ChargesAsync()));
    }

    [Fact]
    public async Task When_no_blob_can_be_written_a_request_without_a_key_is_answered_and_only_the_cache_goes_without()
    {
        storage.Faults = request => IsBlobWrite(request) ? Fault.Busy503 : Fault.None;

        var first = await app.PostAsync("complete", Poem);
        var second = await app.PostAsync("complete", Poem);

        Assert.All([first, second], reply => Assert.Equal((200, false, openAI.Text), (reply.Status, reply.Flag("cached"), reply.Text("text"))));
        Assert.Equal(2, await ChargesAsync());
    }

    [Fact]
    public async Task A_text_that_is_gone_is_a_miss_for_the_cache_and_503_for_a_key_but_never_a_second_charge()
    {
        await Keyed.SendAsync(app, "poem-1", Poem, "complete");
        await DeleteBlobsAsync();
        app.Clock.Advance(TimeSpan.FromSeconds(11));
        await using var other = await TestApp.StartAsync(sharing: app, transport: storage, connectionString: SimulatedStorage.ConnectionString);

        var replay = await Keyed.SendAsync(other, "poem-1", Poem, "complete");
        var miss = await other.CompleteAsync("bob", "a long poem", "openai-gpt-4.1");

        Assert.Equal((503, "storage_unavailable", true), (replay.Status, replay.Code, replay.HasRetryAfter));
        Assert.Equal((200, false, openAI.Text), (miss.Status, miss.Flag("cached"), miss.Text("text")));
        Assert.Equal(1, await ChargesAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_blob_that_cannot_be_read_now_is_503_for_a_key_and_a_miss_for_the_cache(bool timesOut)
    {
        await Keyed.SendAsync(app, "poem-1", Poem, "complete");
        await using var other = await TestApp.StartAsync(sharing: app, transport: storage, connectionString: SimulatedStorage.ConnectionString);
        storage.Faults = request => !request.Table.StartsWith(Blobs, StringComparison.Ordinal) || request.Method != "GET" ? Fault.None : timesOut ? Fault.Timeout : Fault.Error500;

        var replay = await Keyed.SendAsync(other, "poem-1", Poem, "complete");
        var miss = await other.CompleteAsync("bob", "a long poem", "openai-gpt-4.1");

        Assert.Equal((503, "storage_unavailable"), (replay.Status, replay.Code));
        Assert.Equal((200, false), (miss.Status, miss.Flag("cached")));
        Assert.Equal(1, await ChargesAsync());
    }

    [Theory]
    [InlineData(2_000, 0)]
    [InlineData(30_000, 0)]
    [InlineData(33_000, 1)]
    public async Task Only_what_is_too_long_for_a_row_goes_into_a_blob(int length, int texts)
    {
        openAI.Text = new string('x', length);
        var puts = 0;
        storage.Faults = request =>
        {
            puts += request.Method == "PUT" && request.Table.StartsWith(Blobs, StringComparison.Ordinal) ? 1 : 0;
            return Fault.None;
        };

        await app.PostAsync("complete", Poem);

        // The container comes first.
        Assert.Equal(texts == 0 ? 0 : texts + 1, puts);
    }

    [Fact]
    public async Task Long_payloads_that_are_folded_together_fit_their_transactions()
    {
        // Every character of it grows, at each of the layers it is written through.
        var payload = StoredJson.Write(new string('\\', TextBlobs.RowLimit / 2 - 1));
        var store = app.Get<AccountStore>();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => store.ExecuteAsync("ann", new Remember($"op{i}", new Claim($"key{i}", "body"), payload))));

        Assert.All(outcomes, outcome => Assert.IsType<Claimed>(outcome));
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var rows = await client.QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").ToListAsync();
        Assert.Equal(100, rows.Count);
        Assert.All(rows, row => Assert.Equal(payload, AccountRows.ToClaim(row).Payload));
    }

    private static bool IsBlobWrite(SimulatedRequest request) => request.Method == "PUT" && request.Table.StartsWith(Blobs, StringComparison.Ordinal);

    private static string? TextOf(Keyed reply) => System.Text.Json.JsonDocument.Parse(reply.Text).RootElement.GetProperty("text").GetString();

    private async Task<int> ChargesAsync()
    {
        var entries = await app.Get<AccountHistory>().ReadEntriesAsync("ann", AccountHistory.PageLimit, before: null, CancellationToken.None);
        return entries.Count(entry => entry.Kind == EntryKind.Charge);
    }

    private async Task DeleteBlobsAsync()
    {
        var options = Microsoft.Extensions.Options.Options.Create(new StorageOptions { ConnectionString = SimulatedStorage.ConnectionString });
        var container = new BlobContainer(new StorageConnection(options, storage), options.Value, app.Settings["Storage:AnswersContainer"]!, TimeProvider.System);
        await container.Client.DeleteAsync();
        await container.Client.CreateAsync();
    }
}
