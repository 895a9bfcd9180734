using ServerlessAi.Images;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Images;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Polyfills.FunctionsHost;
using static ServerlessAi.Simulator.Vendors.FalStandIn;

namespace ServerlessAi.Tests.Providers;

public sealed class FalQueueTests : IAsyncLifetime
{
    private const string Request = "/queue/fal-ai/flux/requests/764cabcf-b745-4b3e-ae38-1200304cf45b";
    private static readonly Behaviour Waiting = Status("IN_QUEUE");
    private static readonly Behaviour Working = Status("IN_PROGRESS");
    private static readonly Behaviour Done = Status("COMPLETED");

    private ProviderWorld world = null!;

    public async Task InitializeAsync() => world = await ProviderWorld.StartAsync(settings: ("Providers:Fal:Mode", "queue"));

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task A_request_is_submitted_and_its_result_fetched_when_it_is_done()
    {
        Assert.Equal(VendorStandIn.Picture.ToArray(), (await world.DrawAsync("fal")).Value!.Content.ToArray());
        Assert.Equal(
            ["POST /queue/fal-ai/flux/schnell", $"GET {Request}/status", $"GET {Request}", "GET /files/picture.png"],
            world.Fal.Requests.Select(request => $"{request.Method} {request.Path}"));
        Assert.Equal("A red fox", world.Fal.Requests[0].Json["prompt"]!.GetValue<string>());
        Assert.All(world.Fal.Requests.Take(3), request => Assert.Equal($"Key {ApiKey}", request.Headers["Authorization"]));
    }

    [Fact]
    public async Task While_it_waits_or_its_status_cannot_be_read_it_is_asked_again_now_and_then()
    {
        world.Fal.Script(StatusQuestion, Waiting, Sentence(503, "Busy"), Sentence(429, "Slow down"), Behaviour.Reset, Working, Done);
        var call = world.DrawAsync("fal");
        for (var asked = 1; asked <= 5; asked++)
        {
            await AskedAsync(asked);
            await Wait.UntilAsync(() => world.Time.NextDue is not null, "the queue's next question has its time");
            world.Time.Advance(TimeSpan.FromMilliseconds(500));
        }

        Assert.NotNull((await call).Value);
    }

    [Theory]
    [InlineData("OK", ProviderFailure.Overloaded, false)]
    [InlineData("CANCELLATION_REQUESTED", ProviderFailure.Timeout, true)]
    [InlineData("ALREADY_COMPLETED", ProviderFailure.Timeout, true)]
    [InlineData("NOT_FOUND", ProviderFailure.Timeout, true)]
    public async Task When_its_time_is_over_it_is_taken_back_and_costs_nothing_only_if_it_had_not_begun(string status, ProviderFailure failure, bool mayCost)
    {
        world.Fal.Script(StatusQuestion, Working);
        world.Fal.Script(Cancellation, Cancelled(status));

        var running = RunAsync();
        await AskedAsync(1);
        world.Time.Advance(TimeSpan.FromSeconds(100));
        var result = await running;

        Assert.Equal((failure, mayCost), (result.Failure, result.MayBill.Length > 0));
        Assert.Equal(("PUT", Request + "/cancel", $"Key {ApiKey}"), (world.Fal.Requests[^1].Method, world.Fal.Requests[^1].Path, world.Fal.Requests[^1].Headers["Authorization"]));
    }

    [Fact]
    public async Task Taking_it_back_is_tried_once_and_not_for_long()
    {
        world.Fal.Script(StatusQuestion, Working);
        world.Fal.Script(Cancellation, Behaviour.Hang);

        var running = RunAsync();
        await AskedAsync(1);
        world.Time.Advance(TimeSpan.FromSeconds(100));
        await Wait.UntilAsync(() => world.Fal.Requests.Any(request => request.Method == "PUT"), "it is to be taken back");
        world.Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((ProviderFailure.Timeout, 1), ((await running).Failure, world.Fal.Requests.Count(request => request.Method == "PUT")));
    }

    [Fact]
    public async Task An_address_elsewhere_is_not_told_our_key_to_take_it_back()
    {
        var own = world.Fal.BaseUrl + Request;
        world.Fal.Script("fal-ai/flux/schnell", Submitted(own + "/status", own, "https://example.test/cancel"));
        world.Fal.Script(StatusQuestion, Working);
        using var cancellation = new CancellationTokenSource();
        var call = world.DrawAsync("fal", cancellationToken: cancellation.Token);
        await AskedAsync(1);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.DoesNotContain(world.Fal.Requests, request => request.Method == "PUT");
    }

    [Theory]
    [InlineData("content_policy_violation", ProviderFailure.ContentRefused)]
    [InlineData("runner_scheduling_failure", ProviderFailure.Overloaded)]
    [InlineData("bad_request", ProviderFailure.InvalidRequest)]
    [InlineData("internal_error", ProviderFailure.Unavailable)]
    public async Task A_request_that_ended_badly_says_why(string errorType, ProviderFailure failure)
    {
        world.Fal.Script(StatusQuestion, Status("COMPLETED", "It went wrong.", errorType));
        var outcome = await world.DrawAsync("fal");
        Assert.Equal((failure, "It went wrong."), (outcome.Failure, outcome.Detail));
    }

    [Fact]
    public async Task A_result_may_be_a_refusal()
    {
        world.Fal.Script(ResultQuestion, Refusal(422, "content_policy_violation", "No."));
        Assert.Equal(ProviderFailure.ContentRefused, (await world.DrawAsync("fal")).Failure);
    }

    [Theory]
    [InlineData(401, ProviderFailure.Unauthorized)]
    [InlineData(404, ProviderFailure.ModelNotFound)]
    [InlineData(429, ProviderFailure.RateLimited)]
    [InlineData(503, ProviderFailure.Overloaded)]
    public async Task What_is_not_accepted_was_never_in_the_queue(int status, ProviderFailure failure)
    {
        world.Fal.Script("fal-ai/flux/schnell", Sentence(status, "No."));
        Assert.Equal(failure, (await world.DrawAsync("fal")).Failure);
        Assert.Single(world.Fal.Requests);
    }

    [Theory]
    [InlineData(404, """{"detail":"Request not found"}""")]
    [InlineData(200, """{"status":"SOMETHING_NEW"}""")]
    [InlineData(200, """{"sta""")]
    [InlineData(200, "null")]
    public async Task A_status_that_makes_no_sense_ends_it_and_may_have_cost(int status, string body)
    {
        world.Fal.Script(StatusQuestion, Behaviour.Answer(status, body));
        var failure = (await world.DrawAsync("fal")).Failure!.Value;
        Assert.Equal((ProviderFailure.BadAnswer, true), (failure, failure.MayHaveCost()));
    }

    [Theory]
    [InlineData("https://example.test/status", null)]
    [InlineData(null, "https://example.test/result")]
    [InlineData("no address", null)]
    public async Task Our_key_goes_to_the_queue_alone(string? statusUrl, string? responseUrl)
    {
        var own = world.Fal.BaseUrl + Request;
        world.Fal.Script("fal-ai/flux/schnell", Submitted(statusUrl ?? own + "/status", responseUrl ?? own));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("fal")).Failure);
        Assert.Single(world.Fal.Requests);
    }

    [Fact]
    public async Task Single_models_can_go_through_the_queue()
    {
        await using var mixed = await ProviderWorld.StartAsync(settings: ("Providers:Fal:QueuedModels", "fal-ai/recraft-v3, fal-ai/flux-pro"));
        await mixed.DrawAsync("fal", new ImageCall("fal-ai/flux-pro", "A red fox", "square", ""));
        await mixed.DrawAsync("fal");
        Assert.Equal(
            ["/queue/fal-ai/flux-pro", "/fal-ai/flux/schnell"],
            mixed.Fal.Requests.Where(request => request.Method == "POST").Select(request => request.Path));
    }

    private Task<ChainResult<ImageBytes>> RunAsync()
    {
        var model = ProviderWorld.TextModel("fal-ai/flux/schnell", "fal") with { Kind = ModelKind.Image };
        return world.Chain.RunAsync(
            new PricedModel(model, model.Prices[0]), new Catalog([model], CatalogSource.Stored), "ann", (_, token) => world.DrawAsync("fal", cancellationToken: token));
    }

    private Task AskedAsync(int times) => Wait.UntilAsync(
        () => world.Fal.Requests.Count(request => request.Path.EndsWith("/status", StringComparison.Ordinal)) == times, $"the status is asked for {times} times");
}
