using System.Text.Json;
using Microsoft.Extensions.Hosting;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Rules;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Batches;

/// <summary>A batch keeps to the account's limits: it waits where waiting helps, and goes no faster than it may.</summary>
public sealed class BatchPaceTests
{
    [Theory]
    [InlineData(3, null, 3)]
    [InlineData(1, null, 1)]
    [InlineData(8, 2, 2)]
    [InlineData(2, 50, 2)]
    [InlineData(100, null, ServerlessAi.Batches.AtOnceLimit)]
    public async Task As_many_items_run_at_once_as_plan_and_caller_allow_and_never_more(int jobs, int? concurrency, int expected)
    {
        await using var batch = await BatchApp.OpenAsync(("Plans:Items:free:ConcurrentJobs", $"{jobs}"), ("Providers:Concurrency", "100"));
        var gauge = new Gauge();
        batch.Vendor.Script(model: null, gauge.Behaviour(expected));

        var reply = await batch.PostAsync(new { userId = "ann", concurrency, items = Enumerable.Range(0, 20).Select(number => BatchApp.Text($"number {number}")) });

        Assert.Equal(((20, 0), expected), (reply.Counts, gauge.Most));
    }

    [Fact]
    public async Task While_another_request_has_the_accounts_only_job_a_batch_waits_for_it()
    {
        await using var batch = await BatchApp.OpenAsync();
        var gate = new TaskCompletionSource();
        batch.Vendor.Script("gpt-4.1", Behaviour.After(gate.Task));
        var single = batch.App.CompleteAsync("ann", "alone", BatchApp.Slow);
        await batch.AskedAsync(1);

        var sending = batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two"));
        var refused = await batch.App.CompleteAsync("ann", "another", BatchApp.Fast);
        gate.SetResult();
        var reply = await sending;

        Assert.Equal((200, 429, (2, 0)), ((await single).Status, refused.Status, reply.Counts));
        // What was tried again in vain is not on record as refused; the single request is.
        await batch.App.Get<UsageLog>().FlushAsync(CancellationToken.None);
        Assert.Equal(1, await RefusedAsync(batch.App));
    }

    [Fact]
    public async Task A_batch_is_one_start_for_the_time_between_two_requests()
    {
        await using var batch = await BatchApp.OpenAsync(("Plans:Items:free:SpacingMs", "800"));

        var reply = await batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two"), BatchApp.Text("three"));
        var tooFast = await batch.App.CompleteAsync("ann", "four", BatchApp.Fast);
        batch.App.Clock.Advance(TimeSpan.FromMilliseconds(800));
        var inTime = await batch.App.CompleteAsync("ann", "four", BatchApp.Fast);

        Assert.Equal(((3, 0), 429, 200), (reply.Counts, tooFast.Status, inTime.Status));
    }

    [Fact]
    public async Task Items_count_for_the_requests_a_minute_and_wait_for_the_next_one()
    {
        await using var batch = await BatchApp.OpenAsync(("Plans:Items:free:RequestsPerMinute", "2"));
        batch.App.Clock.Advance(TimeSpan.FromSeconds(59.7));

        var sending = batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two"), BatchApp.Text("three"));
        await batch.AskedAsync(2);
        var refused = await batch.App.CompleteAsync("ann", "alone", BatchApp.Fast);
        await batch.HoldsAsync(0);
        Assert.Equal((429, 2), (refused.Status, batch.Vendor.Requests.Count));
        batch.App.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((3, 0), (await sending).Counts);
    }

    [Fact]
    public async Task What_cannot_begin_in_time_is_not_reached_and_costs_nothing()
    {
        await using var batch = await BatchApp.OpenAsync(("Plans:Items:free:RequestsPerMinute", "2"), ("Batch:BeginMs", "3000"));

        var reply = await batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two"), BatchApp.Text("three"), BatchApp.Text("four"));

        Assert.Equal([200, 200, 503, 503], reply.Statuses);
        Assert.Equal(("not_reached", "not_reached", false), (reply.CodeOf(2), reply.CodeOf(3), reply.IsComplete));
        Assert.Equal("rate_limited", reply.Error(2).GetProperty("waitedFor").GetString());
        Assert.Equal((2, 2), (batch.Vendor.Requests.Count, (await batch.ChargesAsync()).Count));
    }

    [Fact]
    public async Task What_is_under_way_when_the_answer_is_due_is_seen_through_and_charged()
    {
        await using var batch = await BatchApp.OpenAsync(("Batch:AnswerMs", "61234"));
        batch.App.Clock.Hold(TimeSpan.FromMilliseconds(61_234));
        var gate = new TaskCompletionSource();
        batch.Vendor.Script("gpt-4.1", Behaviour.After(gate.Task));

        var sending = batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two", BatchApp.Slow), BatchApp.Text("three"));
        await batch.AskedAsync(2);
        batch.App.Clock.Fire();
        var reply = await sending;
        var held = (await batch.App.GetAsync("credits?userId=ann")).Number("heldCredits");
        gate.SetResult();
        await batch.HoldsAsync(0);

        Assert.Equal([200, 504, 503], reply.Statuses);
        Assert.Equal(("not_finished", "not_reached", true), (reply.CodeOf(1), reply.CodeOf(2), held > 0));
        var charges = await batch.ChargesAsync();
        Assert.Equal((2, reply.Error(1).GetProperty("operationId").GetString()), (charges.Count, charges[0].GetProperty("operationId").GetString()));
    }

    [Fact]
    public async Task When_the_client_leaves_what_has_begun_is_settled_and_nothing_more_begins()
    {
        await using var batch = await BatchApp.OpenAsync(("Plans:Items:free:ConcurrentJobs", "2"));
        var gate = new TaskCompletionSource();
        batch.Vendor.Script(model: null, Behaviour.After(gate.Task));
        using var leaving = new CancellationTokenSource();
        var (caller, bodies) = (new Caller("ann", "ann", Role.User), batch.App.Get<ItemBodies>());
        var items = Enumerable.Range(0, 5).Select(number => bodies.ReadItem(JsonSerializer.SerializeToElement(BatchApp.Text($"number {number}")), caller));
        // Not over a connection, of which nobody can tell when the server finds it broken.
        var serving = batch.App.Get<ServerlessAi.Batches>().ServeAsync(new BatchRequest(caller, [.. items], Concurrency: null, Claim: null), outcome => $"{outcome.IsComplete}", leaving.Token);
        await batch.AskedAsync(2);

        await leaving.CancelAsync();
        gate.SetResult();
        var answer = await serving;
        await batch.HoldsAsync(0);

        Assert.Equal("False", answer.Value!.Body);
        Assert.Equal((2, 2), (batch.Vendor.Requests.Count, (await batch.ChargesAsync()).Count));
    }

    [Fact]
    public async Task An_app_that_is_told_to_stop_answers_with_what_it_has_begun()
    {
        await using var batch = await BatchApp.OpenAsync();
        var gate = new TaskCompletionSource();
        batch.Vendor.Script(model: null, Behaviour.After(gate.Task));
        var sending = batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two"));
        await batch.AskedAsync(1);

        var stopping = batch.App.StopAsync();
        await Wait.UntilAsync(() => batch.App.Get<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested, "the app knows that it is to stop");
        gate.SetResult();
        var reply = await sending;
        await stopping;

        Assert.Equal([200, 503], reply.Statuses);
        Assert.Equal(("not_reached", false), (reply.CodeOf(1), reply.IsComplete));
    }

    [Fact]
    public void The_items_of_a_batch_are_one_start_even_when_others_start_in_between()
    {
        var world = new World(new PlanLimits { ConcurrentJobs = 50, RequestsPerMinute = 0 }, signUpCredits: 100);
        Assert.IsType<Admitted>(Reserve(world, "a1", "a"));
        Assert.IsType<Admitted>(Reserve(world, "a2", "a"));
        Assert.Equal(RefusalCodes.RateLimited, Assert.IsType<Refused>(Reserve(world, "b1", "b")).Refusal.Code);
        world.Now += TimeSpan.FromMilliseconds(800);
        Assert.IsType<Admitted>(Reserve(world, "single", batch: null));

        Assert.IsType<Admitted>(Reserve(world, "a3", "a"));
        Assert.Equal(world.Now, world.State.Rate.LastAdmittedAt);
        world.Now += TimeSpan.FromMilliseconds(799);
        Assert.IsType<Admitted>(Reserve(world, "a4", "a"));
        Assert.IsType<Refused>(Reserve(world, "b1", "b"));
        world.Now += TimeSpan.FromMilliseconds(1);
        Assert.IsType<Admitted>(Reserve(world, "b1", "b"));
    }

    [Fact]
    public void Only_the_latest_batches_are_remembered_so_that_the_account_stays_small()
    {
        var world = new World(new PlanLimits { ConcurrentJobs = 50, RequestsPerMinute = 0 }, signUpCredits: 100);
        for (var number = 0; number <= RateWindow.BatchesLimit; number++)
        {
            Assert.IsType<Admitted>(Reserve(world, $"op{number}", $"batch{number}"));
            world.Now += TimeSpan.FromMilliseconds(800);
        }

        Assert.Equal(RateWindow.BatchesLimit, world.State.Rate.Batches.Length);
        Assert.Equal("batch1", world.State.Rate.Batches[^1]);
    }

    private static Outcome Reserve(World world, string id, string? batch) => world.Run(
        new Reserve(id, WorkKind.Image, [World.ImageOffer("premium", 0.1m, freeQuota: false, 0.003m, isStandard: true)], world.Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false) { Batch = batch });

    private static async Task<int> RefusedAsync(TestApp app)
    {
        var table = await app.Get<ServerlessAi.Storage.Tables>().GetAsync(ServerlessAi.Storage.TableNames.Accounts);
        return await table.QueryAsync<Azure.Data.Tables.TableEntity>("Event eq 'REFUSED'").CountAsync();
    }
}
