using System.Net.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>An app that is told to stop finishes what it has begun, and leaves a note of what it cannot.</summary>
public sealed class StopFlowTests
{
    [Fact]
    public async Task A_call_under_way_is_seen_through_and_charged()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(Paid(openAI));
        var answering = app.ImageAsync("ann", "a red fox");
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the request reached the vendor");

        var stopping = app.StopAsync();
        await Wait.UntilAsync(() => RefusesAsync(app.Http), "the app takes no more requests");
        gate.SetResult();
        await stopping;

        Assert.Equal(200, (await answering).Status);
        await AssertChargedAsync(app);
    }

    [Fact]
    public async Task A_call_whose_client_has_gone_is_seen_through_as_well()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(Paid(openAI));
        using var leaving = new CancellationTokenSource();
        var answering = app.Http.PostAsJsonAsync("ai-preview-image", new { userId = "ann", prompt = "a red fox" }, leaving.Token);
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the request reached the vendor");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);

        var stopping = app.StopAsync();
        await Wait.UntilAsync(() => RefusesAsync(app.Http), "the app takes no more requests");
        gate.SetResult();
        await stopping;

        await AssertChargedAsync(app);
    }

    [Fact]
    public async Task Stopping_waits_for_operations_whatever_began_them()
    {
        await using var app = await TestApp.StartAsync();
        var settlements = app.Get<Settlements>();
        var operation = settlements.Begin();

        var stopping = settlements.StopAsync(CancellationToken.None);
        // Its loop would end at once if nothing were waited for. The pause can only let a mistake pass, never fail what is right.
        await Task.WhenAny(settlements.ExecuteTask!, Task.Delay(200));
        Assert.False(settlements.ExecuteTask!.IsCompleted);
        operation.Dispose();

        await stopping;
        Assert.True(settlements.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task Stopping_waits_no_longer_than_it_may()
    {
        await using var app = await TestApp.StartAsync();
        var settlements = app.Get<Settlements>();
        using var operation = settlements.Begin();
        using var patience = new CancellationTokenSource();

        var stopping = settlements.StopAsync(patience.Token);
        await patience.CancelAsync();

        await stopping;
    }

    [Fact]
    public async Task A_charge_that_waits_is_made_while_the_app_stops()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:PatienceMs"] = "100" }, transport: transport);
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("op"));
        var time = new ManualTime();
        using var settlements = new Settlements(app.Get<AccountStore>(), app.Get<Unsettled>(), time, NullLogger<Settlements>.Instance);
        await settlements.StartAsync(CancellationToken.None);
        transport.Choose = _ => Fault.Denied;
        Assert.Null(await settlements.EndAsync("ann", new Settle("op", 1_000_000, 80_000_000, World.Facts())));
        await Wait.UntilAsync(() => time.NextDue is not null, "it tried in vain and pauses");

        transport.Choose = _ => Fault.None;
        await settlements.StopAsync(CancellationToken.None);

        await AssertChargedAsync(app);
        Assert.Equal(0, await UnsettledFlowTests.RowsAsync(app));
    }

    [Fact]
    public async Task What_could_be_written_down_nowhere_is_carried_out_or_written_down_while_the_app_stops()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:PatienceMs"] = "100" }, transport: transport);
        await app.Get<AccountStore>().ExecuteAsync("ann", Holds.Image("op"));
        transport.Choose = _ => Fault.Denied;
        Assert.Null(await app.Get<Settlements>().EndAsync("ann", new Settle("op", 1_000_000, 80_000_000, World.Facts())));

        // Its account stays out of reach; another table does not.
        transport.Choose = request => FaultyTransport.IsTransaction(request) ? Fault.Denied : Fault.None;
        await app.StopAsync();

        await using var next = await TestApp.StartAsync(sharing: app);
        Assert.Equal(1, await UnsettledFlowTests.RowsAsync(next));
        await next.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);
        await Ledger.AssertAsync(next, credits: 9, charges: 1);
    }

    [Fact]
    public async Task A_process_that_is_told_to_end_sees_its_calls_through()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(Paid(openAI));
        await using var process = await AppProcess.StartAsync(app.Settings);
        var answering = app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "a red fox" }, process.Http);
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the request reached the vendor");

        await process.TerminateAsync();
        await Wait.UntilAsync(() => RefusesAsync(process.Http), "the process takes no more requests");
        gate.SetResult();

        Assert.Equal(0, await process.EndedAsync());
        Assert.Equal(200, (await answering).Status);
        await AssertChargedAsync(app);
    }

    private static async Task AssertChargedAsync(TestApp app)
    {
        Assert.Empty((await app.Get<AccountStore>().ReadStoredAsync("ann"))!.Holds);
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    private static async Task<bool> RefusesAsync(HttpClient http)
    {
        using var fresh = new HttpClient { BaseAddress = http.BaseAddress };
        try
        {
            using var reply = await fresh.GetAsync("health");
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }

    private static Dictionary<string, string?> Paid(OpenAIStandIn openAI) => new(StringComparer.Ordinal)
    {
        ["Plans:Items:free:FreeImagesPerDay"] = "0",
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = openAI.V1,
    };
}
