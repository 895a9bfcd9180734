using System.Text;
using System.Text.Json;
using Azure.Core;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;
using Fault = ServerlessAi.Tests.Accounts.Fault;

namespace ServerlessAi.Tests.Flow;

/// <summary>The proof of many accounts goes out while they are read.</summary>
public sealed class AuditStreamTests : IAsyncLifetime
{
    private const int Accounts = 400;
    private const int TamperedEvery = 20;

    private readonly SimulatedStorage storage = new(TimeProvider.System, new SimulatedStorageOptions(PageLimit: 100));
    private FaultyTransport transport = null!;
    private TestApp app = null!;

    public async Task InitializeAsync()
    {
        transport = new FaultyTransport(storage);
        app = await TestApp.StartAsync(transport: transport, connectionString: SimulatedStorage.ConnectionString);
        var store = app.Get<AccountStore>();
        await Parallel.ForAsync(0, Accounts, async (i, _) => await store.ExecuteAsync(Name(i), new Grant("gift", GrantKind.Purchase, Money.MicroPerCredit, "test")));
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        for (var i = 0; i < Accounts; i += TamperedEvery)
        {
            await client.DeleteEntityAsync(Name(i), AccountRows.EntryKey(2));
        }
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task Every_account_that_was_tampered_with_is_listed_however_many_there_are()
    {
        var audit = await app.GetAsync("manage/audit", app.Admin);

        Assert.Equal(Enumerable.Range(0, Accounts / TamperedEvery).Select(i => Name(i * TamperedEvery)), Listed(audit.Body));
        Assert.Equal((Accounts, Accounts / TamperedEvery), ((int)audit.Number("accounts"), (int)audit.Number("discrepancyCount")));
        Assert.Equal((false, true), (audit.Flag("conserved"), audit.Flag("complete")));
    }

    [Fact]
    public async Task A_reader_sees_the_first_discrepancy_before_the_last_account_was_read()
    {
        var seen = new TaskCompletionSource();
        var pages = 0;
        transport.Meanwhile = request => IsScan(request) && ++pages > 3 ? seen.Task : Task.CompletedTask;

        // Only an answer that does not stream takes any time: it waits for itself.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var response = await app.Admin.GetAsync("manage/audit", HttpCompletionOption.ResponseHeadersRead, limit.Token);
        await using var body = await response.Content.ReadAsStreamAsync();
        var text = new StringBuilder();
        while (!text.ToString().Contains(Name(0), StringComparison.Ordinal))
        {
            await ReadAsync(body, text);
        }

        Assert.DoesNotContain(Name(Accounts - TamperedEvery), text.ToString(), StringComparison.Ordinal);
        seen.SetResult();
        while (await ReadAsync(body, text))
        {
        }

        Assert.Equal(Accounts / TamperedEvery, Listed(JsonDocument.Parse(text.ToString()).RootElement).Count());
        Assert.True(pages > 10);
    }

    [Fact]
    public async Task Storage_that_fails_on_the_way_ends_the_answer_and_says_so()
    {
        var pages = 0;
        transport.Choose = request => IsScan(request) && ++pages > 3 ? Fault.Busy : Fault.None;

        var audit = await app.GetAsync("manage/audit", app.Admin);

        Assert.Equal((200, false, false, "storage_unavailable"), (audit.Status, audit.Flag("complete"), audit.Flag("conserved"), audit.Code));
        Assert.Equal(audit.Number("discrepancyCount"), Listed(audit.Body).Count());
        Assert.InRange(audit.Number("accounts"), 1, Accounts - 1);
    }

    [Fact]
    public async Task A_moment_in_which_storage_does_not_answer_costs_nothing_but_the_moment()
    {
        var pages = 0;
        transport.Choose = request => IsScan(request) && ++pages % 3 == 0 ? Fault.Busy : Fault.None;

        var audit = await app.GetAsync("manage/audit", app.Admin);

        Assert.Equal((true, Accounts, Accounts / TamperedEvery), (audit.Flag("complete"), (int)audit.Number("accounts"), Listed(audit.Body).Count()));
    }

    [Theory]
    [InlineData("manage/audit")]
    [InlineData("manage/audit?account=user-001")]
    public async Task Storage_that_fails_before_anything_was_sent_is_a_problem(string route)
    {
        transport.Choose = request => IsScan(request) ? Fault.Busy : Fault.None;

        var audit = await app.GetAsync(route, app.Admin);

        Assert.Equal((503, "storage_unavailable"), (audit.Status, audit.Code));
    }

    [Fact]
    public async Task Books_in_which_all_agrees_are_proved_to_the_last_account_and_read_once()
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        for (var i = 0; i < Accounts; i += TamperedEvery)
        {
            await foreach (var row in client.QueryAsync<TableEntity>($"PartitionKey eq '{Name(i)}'"))
            {
                await client.DeleteEntityAsync(row, row.ETag);
            }
        }

        var before = storage.Requests;
        var audit = await app.GetAsync("manage/audit", app.Admin);

        var left = Accounts - Accounts / TamperedEvery;
        Assert.Equal((true, left, 2 * left), (audit.Flag("conserved"), (int)audit.Number("accounts"), (int)audit.Number("entries")));
        // Pages of a hundred rows, seven rows an account; and three questions for the rest.
        Assert.InRange(storage.Requests - before, 1, left * 7 / 100 + 10);
    }

    private static string Name(int i) => $"user-{i:D3}";

    private static IEnumerable<string?> Listed(JsonElement audit) => audit.GetProperty("discrepancies").EnumerateArray().Select(found => found.GetProperty("account").GetString());

    // A page of the table; the other reads name a row.
    private static bool IsScan(Request request) => request.Method == RequestMethod.Get && Uri.UnescapeDataString(request.Uri.ToString()).Contains("accounts()?", StringComparison.Ordinal);

    private static async Task<bool> ReadAsync(Stream body, StringBuilder text)
    {
        var buffer = new byte[256];
        var read = await body.ReadAsync(buffer);
        text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        return read > 0;
    }
}
