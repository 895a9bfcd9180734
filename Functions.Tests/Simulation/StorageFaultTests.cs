using Azure;
using Azure.Data.Tables;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Simulation;

/// <summary>Requests go wrong below the SDK, so the SDK sees what it would see of a network.</summary>
public sealed class StorageFaultTests
{
    private readonly SimulatedStorage storage = new(new TestClock());

    [Theory]
    [InlineData(503, "ServerBusy")]
    [InlineData(500, "InternalError")]
    public async Task A_service_that_fails_says_so_and_does_nothing(int status, string code)
    {
        var table = await storage.NewTableAsync();
        storage.Faults = _ => status == 503 ? Fault.Busy503 : Fault.Error500;
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "r")));
        Assert.Equal((status, code), (failure.Status, failure.ErrorCode));
        await AssertRowsAsync(table, 0);
    }

    [Fact]
    public async Task A_request_that_times_out_never_happens()
    {
        var table = await storage.NewTableAsync();
        storage.Faults = _ => Fault.Timeout;
        await Assert.ThrowsAsync<TaskCanceledException>(() => table.AddEntityAsync(new TableEntity("p", "r")));
        await AssertRowsAsync(table, 0);
    }

    [Fact]
    public async Task A_request_whose_reply_is_lost_has_happened()
    {
        var table = await storage.NewTableAsync();
        storage.Faults = _ => Fault.ReplyLost;
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "r")));
        Assert.Equal(0, failure.Status);
        await AssertRowsAsync(table, 1);
    }

    [Fact]
    public async Task A_late_request_happens_after_its_caller_gave_up()
    {
        var table = await storage.NewTableAsync();
        var arrival = new TaskCompletionSource();
        storage.Faults = _ => Fault.LateApplied(arrival.Task);
        await Assert.ThrowsAsync<TaskCanceledException>(() => table.AddEntityAsync(new TableEntity("p", "r")));
        await AssertRowsAsync(table, 0);

        arrival.SetResult();
        await storage.LateArrivalsAsync();
        await AssertRowsAsync(table, 1);
    }

    [Fact]
    public async Task A_delayed_request_waits_by_the_services_clock()
    {
        var time = new ManualTime();
        var slow = new SimulatedStorage(time);
        var table = await slow.NewTableAsync();
        slow.Faults = _ => Fault.Delayed(TimeSpan.FromHours(1));
        var adding = table.AddEntityAsync(new TableEntity("p", "r"));
        await Wait.UntilAsync(() => Task.FromResult(time.NextDue is not null), "the request waits");
        Assert.False(adding.IsCompleted);

        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(204, (await adding).Status);
    }

    [Theory]
    [InlineData("busy")]
    [InlineData("timeout")]
    public async Task The_SDKs_own_retries_see_the_fault_and_get_over_it(string kind)
    {
        var table = await storage.NewTableAsync(retries: 1);
        var first = storage.FailOnce(kind is "busy" ? Fault.Busy503 : Fault.Timeout);
        Assert.Equal(204, (await table.AddEntityAsync(new TableEntity("p", "r"))).Status);
        Assert.Equal(2, first());
    }

    [Fact]
    public async Task The_SDK_meets_its_own_write_after_a_lost_reply()
    {
        var table = await storage.NewTableAsync(retries: 1);
        storage.FailOnce(Fault.ReplyLost);
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "r")));
        Assert.Equal((409, "EntityAlreadyExists"), (failure.Status, failure.ErrorCode));
    }

    [Fact]
    public async Task A_fault_function_sees_what_each_request_is_about()
    {
        var seen = new List<SimulatedRequest>();
        storage.Faults = request =>
        {
            seen.Add(request);
            return Fault.None;
        };
        var table = await storage.NewTableAsync();
        await table.AddEntityAsync(new TableEntity("p", "r"));
        await table.SubmitTransactionAsync([new(TableTransactionActionType.Add, new TableEntity("p", "s"))]);
        await table.GetEntityAsync<TableEntity>("p", "s");
        await table.QueryAsync<TableEntity>().ToListAsync();

        Assert.Equal(
            [
                new(1, "POST", "rows", Partition: null, IsTransaction: false),
                new(2, "POST", "rows", "p", IsTransaction: false),
                new(3, "POST", "rows", "p", IsTransaction: true),
                new(4, "GET", "rows", "p", IsTransaction: false),
                new(5, "GET", "rows", Partition: null, IsTransaction: false),
            ],
            seen);
    }

    private async Task AssertRowsAsync(TableClient table, int rows)
    {
        storage.Faults = _ => Fault.None;
        Assert.Equal(rows, (await table.QueryAsync<TableEntity>().ToListAsync()).Count);
    }
}

internal static class FaultPlans
{
    /// <returns>Counts the requests since.</returns>
    public static Func<int> FailOnce(this SimulatedStorage storage, Fault fault)
    {
        var requests = 0;
        storage.Faults = _ => Interlocked.Increment(ref requests) == 1 ? fault : Fault.None;
        return () => requests;
    }
}
