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
    public async Task Of_hundreds_of_alerts_a_dashboard_reads_thirty()
    {
        var counting = new Counting(new SimulatedStorage(TimeProvider.System));
        await using var app = await TestApp.StartAsync(transport: counting, connectionString: SimulatedStorage.ConnectionString);
        await FillAsync(app, "ann", 100);
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var alerts = Enumerable.Range(0, 99).Select(i => AlertRows.ToEntity("ann", new AlertRecord(AlertKind.LowBalance, "204005", "balance", i, TestClock.Start) { Unit = "credits" }));
        await client.SubmitTransactionAsync(alerts.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
        await app.GetAsync("subscription/dashboard/warm");

        Assert.InRange((await ReadAsync(app, counting, "ann")).Rows, 30, 35);
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
