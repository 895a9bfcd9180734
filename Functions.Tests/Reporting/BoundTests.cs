using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Reporting;

/// <summary>What a report reads does not depend on how much there is in the usage log.</summary>
public sealed class BoundTests
{
    [Fact]
    public async Task A_dashboard_reads_at_most_35_rows_and_as_many_of_an_account_with_20_000_lines_as_of_one_with_100()
    {
        var counting = new Counting(new SimulatedStorage(TimeProvider.System));
        await using var app = await TestApp.StartAsync(transport: counting, connectionString: SimulatedStorage.ConnectionString);
        await FillAsync(app, "few", 100);
        await FillAsync(app, "many", 20_000);
        await app.GetAsync("subscription/dashboard/warm");

        var few = await ReadAsync(app, counting, "few");
        var many = await ReadAsync(app, counting, "many");

        Assert.Equal(few, many);
        Assert.InRange(many.Rows, 1, 35);
        // The state, the report, the alerts; and whose account it is that the caller spends from.
        Assert.InRange(many.Requests, 3, 4);
    }

    [Fact]
    public async Task Of_forty_five_alerts_a_dashboard_shows_the_newest_ten_in_the_order_of_time_and_reads_no_others()
    {
        var counting = new Counting(new SimulatedStorage(TimeProvider.System));
        await using var app = await TestApp.StartAsync(transport: counting, connectionString: SimulatedStorage.ConnectionString);
        var raised = new List<DateTimeOffset>();
        for (var i = 0; i < 45; i++)
        {
            app.Clock.Advance(TimeSpan.FromMinutes(1));
            await app.GiveAsync("ann", 10);
            await Script.CallAsync(app, $"call-{i}", i == 0 ? 20 : 10, 0.001m);
            raised.Add(app.Clock.GetUtcNow());
        }

        raised.Reverse();
        await app.GetAsync("subscription/dashboard/warm");
        var newest = (await app.GetAsync("subscription/alerts/ann?limit=1")).Body.GetProperty("data").GetProperty("alerts")[0].GetProperty("id").GetString();
        await app.PostAsync($"subscription/alerts/{newest}/mark-read", new { userId = "ann" });
        var read = await ReadAsync(app, counting, "ann");

        var data = (await app.GetAsync("subscription/dashboard/ann")).Body.GetProperty("data");
        var alerts = data.GetProperty("alerts").EnumerateArray().ToList();
        Assert.Equal(raised.Take(10), alerts.Select(alert => alert.GetProperty("created_at").GetDateTimeOffset()));
        Assert.Equal([true, .. Enumerable.Repeat(false, 9)], alerts.Select(alert => alert.GetProperty("read").GetBoolean()));
        Assert.Equal(45, data.GetProperty("summary").GetProperty("alerts_this_month").GetInt32());
        Assert.InRange(read.Requests, 3, 4);
        Assert.Equal(12, read.Rows);
    }

    private static async Task<(long Requests, long Rows)> ReadAsync(TestApp app, Counting counting, string user)
    {
        var (requests, rows) = (counting.Requests, counting.Rows);
        Assert.Equal(200, (await app.GetAsync("subscription/dashboard/" + user)).Status);
        return (counting.Requests - requests, counting.Rows - rows);
    }

    // Lines of months ago, as the log keeps them; the month that runs is used as always.
    private static async Task FillAsync(TestApp app, string user, int lines)
    {
        await Script.CallAsync(app, "one", 1, 0.01m, 10, 10, user: user);
        await Script.FailAsync(app, "two", "provider_failed", user: user);
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var rows = Enumerable.Range(0, lines).Select(i => AccountRows.ToEntity(user, new UsageRecord($"old-{i}", UsageEvents.Success, WorkKind.Text, TestClock.Start.AddMinutes(-i), Facts: null)));
        foreach (var chunk in rows.Chunk(100))
        {
            await client.SubmitTransactionAsync(chunk.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
        }
    }

    /// <summary>Counts what comes back from the table service.</summary>
    private sealed class Counting(SimulatedStorage storage) : HttpPipelineTransport
    {
        public long Requests { get; private set; }

        public long Rows { get; private set; }

        public override Request CreateRequest() => storage.CreateRequest();

        /// <exception cref="NotSupportedException">Always.</exception>
        public override void Process(HttpMessage message) => throw new NotSupportedException("Storage is used asynchronously.");

        public override async ValueTask ProcessAsync(HttpMessage message)
        {
            await storage.ProcessAsync(message);
            lock (this)
            {
                Requests++;
                if (message.Request.Method == RequestMethod.Get && message.Response is { Status: 200, ContentStream: { CanSeek: true } body })
                {
                    using var document = JsonDocument.Parse(body);
                    body.Position = 0;
                    Rows += document.RootElement.TryGetProperty("value", out var rows) ? rows.GetArrayLength() : 1;
                }
            }
        }
    }
}
