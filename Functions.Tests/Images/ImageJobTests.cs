using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Images;

/// <summary>Images that take longer than anybody wants to wait: 202, and a URL that tells how they stand.</summary>
public sealed class ImageJobTests
{
    [Fact]
    public async Task A_slow_image_is_answered_with_its_job_which_becomes_the_image()
    {
        await using var world = await SlowWorld.StartAsync();
        var accepted = await world.AskAsync();
        var id = accepted.Text("imageId");
        var running = await world.App.GetAsync($"images/{id}?userId=ann");
        var early = await world.App.PostAsync($"images/{id}/select?userId=ann", new { });

        world.Gate.SetResult();
        var ready = await world.UntilDoneAsync(id!);

        Assert.Equal((202, "running", id), (accepted.Status, accepted.Text("status"), accepted.Text("jobId")));
        Assert.Equal(($"/api/images/{id}", $"/api/images/{id}"), (accepted.Headers["Location"], accepted.Text("url")));
        Assert.True(accepted.Headers.ContainsKey("Retry-After"));
        Assert.Equal((202, $"/api/images/{id}", true), (running.Status, running.Headers["Location"], running.Headers.ContainsKey("Retry-After")));
        Assert.Equal((409, "conflict"), (early.Status, early.Code));
        Assert.Equal((200, id, "settled", 1m), (ready.Status, ready.Text("imageId"), ready.Receipt.GetProperty("settlement").GetString(), ready.Number("creditsCharged")));
        Assert.Equal("ok", ready.Receipt.GetProperty("attempts")[0].GetProperty("outcome").GetString());
        await Ledger.AssertAsync(world.App, credits: 9, charges: 1);
    }

    [Fact]
    public async Task Every_instance_knows_how_a_job_stands()
    {
        await using var world = await SlowWorld.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: world.App);
        var id = (await world.AskAsync()).Text("imageId");

        Assert.Equal(202, (await other.GetAsync($"images/{id}?userId=ann")).Status);
        Assert.Equal(404, (await other.GetAsync($"images/{id}?userId=bob")).Status);
        world.Gate.SetResult();
        await world.UntilDoneAsync(id!);

        Assert.Equal(200, (await other.GetAsync($"images/{id}?userId=ann")).Status);
        Assert.Equal(404, (await other.GetAsync($"images/{id}?userId=bob")).Status);
    }

    [Theory]
    [InlineData("content_policy_violation", 422, "content_refused")]
    [InlineData("other", 502, "provider_failed")]
    public async Task A_job_that_fails_tells_its_code_and_charges_nothing(string vendorsCode, int status, string code)
    {
        var refusal = vendorsCode is "other"
            ? OpenAIStandIn.Error(500, "server_error", code: null, "Down.")
            : OpenAIStandIn.Error(400, "image_generation_user_error", vendorsCode, "Your request was rejected.");
        await using var world = await SlowWorld.StartAsync(refusal);
        var id = (await world.AskAsync()).Text("imageId");

        world.Gate.SetResult();
        var ended = await world.UntilDoneAsync(id!);

        Assert.Equal((status, code), (ended.Status, ended.Code));
        Assert.Contains("Nothing was charged", ended.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(status, (await world.App.PostAsync($"images/{id}/print?userId=ann", new { size = "a4" })).Status);
        await Ledger.AssertAsync(world.App, credits: 10, charges: 0);
    }

    [Fact]
    public async Task A_job_whose_instance_died_lapses_with_its_hold_and_charges_nothing()
    {
        await using var world = await SlowWorld.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: world.App);
        var id = (await world.AskAsync()).Text("imageId");

        world.App.Clock.Advance(TimeSpan.FromMinutes(6));
        var unswept = await other.GetAsync($"images/{id}?userId=ann");
        await other.Get<AccountStore>().ExecuteAsync("ann", new Sweep());
        var swept = await other.GetAsync($"images/{id}?userId=ann");

        Assert.Equal((502, "provider_failed", 502, "provider_failed"), (unswept.Status, unswept.Code, swept.Status, swept.Code));
        Assert.Contains("Nothing was charged", swept.Text("detail"), StringComparison.Ordinal);
        await Ledger.AssertAsync(other, credits: 10, charges: 0);
    }

    [Fact]
    public async Task Repeating_the_key_of_a_job_gives_the_same_job_and_at_last_the_answer()
    {
        await using var world = await SlowWorld.StartAsync();
        var accepted = await world.AskAsync("order-1");
        var early = await world.AskAsync("order-1");
        world.App.Clock.Advance(TimeSpan.FromSeconds(1));
        var again = await world.AskAsync("order-1");
        var mismatch = await world.AskAsync("order-1", "another prompt");

        world.Gate.SetResult();
        var id = accepted.Text("imageId")!;
        await world.UntilDoneAsync(id);
        Reply? last = null;
        await Wait.UntilAsync(async () => (last = await world.AskAsync("order-1")).Status == 200, "the answer is kept for its key");

        // By the clock nobody has waited yet: it may be answered whole any moment.
        Assert.Equal((409, "idempotency_in_flight", id), (early.Status, early.Code, early.Text("operationId")));
        Assert.Equal((202, id, $"/api/images/{id}"), (again.Status, again.Text("jobId"), again.Headers["Location"]));
        Assert.Equal((422, "idempotency_mismatch"), (mismatch.Status, mismatch.Code));
        Assert.Equal((id, "true"), (last!.Text("imageId"), last.Headers["Idempotent-Replayed"]));
        Assert.Single(world.Vendor.Requests);
        await Ledger.AssertAsync(world.App, credits: 9, charges: 1);
    }

    [Fact]
    public async Task An_app_that_stops_sees_its_jobs_through()
    {
        await using var world = await SlowWorld.StartAsync();
        var id = (await world.AskAsync()).Text("imageId");

        var stopping = world.App.StopAsync();
        world.Gate.SetResult();
        await stopping;

        await using var next = await TestApp.StartAsync(sharing: world.App);
        Assert.Equal(200, (await next.GetAsync($"images/{id}?userId=ann")).Status);
        await Ledger.AssertAsync(next, credits: 9, charges: 1);
    }

    [Fact]
    public async Task OpenAIs_clients_wait_for_their_image()
    {
        await using var world = await SlowWorld.StartAsync();
        var asking = world.App.PostAsync("v1/images/generations?userId=ann", new { prompt = "a red fox" });
        await Wait.UntilAsync(() => world.Vendor.Requests.Count == 1, "the request reached the vendor");

        // Well past the time after which another route would answer; waiting longer can only let a mistake pass.
        await Task.WhenAny(asking, Task.Delay(SlowWorld.JobAfterMs * 5));
        Assert.False(asking.IsCompleted);
        world.Gate.SetResult();

        Assert.Equal(200, (await asking).Status);
    }
}

/// <summary>An app whose vendor waits for the test, and which waits for nobody long.</summary>
internal sealed class SlowWorld : IAsyncDisposable
{
    public const int JobAfterMs = 30;

    private SlowWorld(TestApp app, OpenAIStandIn vendor, TaskCompletionSource gate) => (App, Vendor, Gate) = (app, vendor, gate);

    public TestApp App { get; }

    public OpenAIStandIn Vendor { get; }

    public TaskCompletionSource Gate { get; }

    public static async Task<SlowWorld> StartAsync(Behaviour? then = null)
    {
        var vendor = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        vendor.Script("gpt-image-1", Behaviour.After(gate.Task, then));
        var app = await TestApp.StartAsync(new Dictionary<string, string?>
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = vendor.V1,
            ["Plans:Items:free:FreeImagesPerDay"] = "0",
            ["Images:JobAfterMs"] = JobAfterMs.ToString(System.Globalization.CultureInfo.InvariantCulture),
        });
        return new SlowWorld(app, vendor, gate);
    }

    public Task<Reply> AskAsync(string? key = null, string prompt = "a red fox") => App.SendAsync(
        HttpMethod.Post,
        "ai-preview-image",
        new { userId = "ann", prompt },
        change: request =>
        {
            if (key is not null)
            {
                request.Headers.Add("Idempotency-Key", key);
            }
        });

    public async Task<Reply> UntilDoneAsync(string id)
    {
        Reply? reply = null;
        await Wait.UntilAsync(async () => (reply = await App.GetAsync($"images/{id}?userId=ann")).Status != 202, "the job is done");
        return reply!;
    }

    public async ValueTask DisposeAsync()
    {
        Gate.TrySetResult();
        await App.DisposeAsync();
        await Vendor.DisposeAsync();
    }
}
