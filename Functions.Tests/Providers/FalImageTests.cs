using ServerlessAi.Images;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Images;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Polyfills.FunctionsHost;
using static ServerlessAi.Simulator.Vendors.FalStandIn;

namespace ServerlessAi.Tests.Providers;

public sealed class FalImageTests : IAsyncLifetime
{
    private ProviderWorld world = null!;

    public async Task InitializeAsync() => world = await ProviderWorld.StartAsync();

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task The_image_that_the_answer_points_to_is_fetched()
    {
        var image = (await world.DrawAsync("fal")).Value!;
        Assert.Equal(VendorStandIn.Picture.ToArray(), image.Content.ToArray());
        Assert.Equal(["POST /fal-ai/flux/schnell", "GET /files/picture.png"], world.Fal.Requests.Select(request => $"{request.Method} {request.Path}"));
        Assert.False(world.Fal.Requests[1].Headers.ContainsKey("Authorization"), "the key goes to the API alone");
    }

    [Theory]
    [InlineData("square", "square_hd")]
    [InlineData("portrait", "portrait_4_3")]
    [InlineData("landscape", "landscape_4_3")]
    public async Task The_request_has_the_documented_form(string aspect, string size)
    {
        await world.DrawAsync("fal", new ImageCall("fal-ai/flux/schnell", "A red fox", aspect, "watercolour"));
        Assert.Equal($"Key {ApiKey}", world.Fal.Requests[0].Headers["Authorization"]);
        Assert.Equal(
            $$"""{"prompt":"A red fox\n\nStyle: watercolour","image_size":"{{size}}","num_images":1,"enable_safety_checker":true}""",
            world.Fal.Requests[0].Json.ToJsonString());
    }

    [Fact]
    public async Task An_image_inside_the_answer_is_taken_from_there()
    {
        world.Fal.Script(null, Image("data:image/png;base64," + Convert.ToBase64String(VendorStandIn.Picture.Span)));
        Assert.Equal(VendorStandIn.Picture.ToArray(), (await world.DrawAsync("fal")).Value!.Content.ToArray());
        Assert.Single(world.Fal.Requests);
    }

    [Fact]
    public async Task An_image_marked_unsafe_is_refused_and_not_fetched()
    {
        world.Fal.Script(null, Image(world.Fal.BaseUrl + "/files/picture.png", isNsfw: true));
        Assert.Equal(ProviderFailure.ContentRefused, (await world.DrawAsync("fal")).Failure);
        Assert.Single(world.Fal.Requests);
    }

    [Theory]
    [InlineData(422, "string_too_short", ProviderFailure.InvalidRequest)]
    [InlineData(422, "content_policy_violation", ProviderFailure.ContentRefused)]
    [InlineData(400, "content_policy_violation", ProviderFailure.ContentRefused)]
    [InlineData(500, "internal_server_error", ProviderFailure.Unavailable)]
    [InlineData(504, "generation_timeout", ProviderFailure.Unavailable)]
    public async Task What_the_model_refuses_becomes_a_failure(int status, string type, ProviderFailure failure)
    {
        world.Fal.Script("fal-ai/flux/schnell", Refusal(status, type, "The model's own words."));
        var outcome = await world.DrawAsync("fal");
        Assert.Equal((failure, "The model's own words."), (outcome.Failure, outcome.Detail));
    }

    [Theory]
    [InlineData(401, "No user found for Key ID and Secret", null, ProviderFailure.Unauthorized)]
    [InlineData(403, "User is locked. Reason: Exhausted balance.", null, ProviderFailure.Unauthorized)]
    [InlineData(404, "Application \"flux-schnel\" not found", null, ProviderFailure.ModelNotFound)]
    [InlineData(429, "Rate limit exceeded", null, ProviderFailure.RateLimited)]
    [InlineData(500, "Internal Server Error", "internal_error", ProviderFailure.Unavailable)]
    [InlineData(502, "Bad gateway", null, ProviderFailure.Unavailable)]
    [InlineData(503, "No runner", "runner_scheduling_failure", ProviderFailure.Overloaded)]
    [InlineData(504, "Request timed out", "request_timeout", ProviderFailure.Unavailable)]
    public async Task What_the_platform_cannot_do_becomes_a_failure(int status, string detail, string? type, ProviderFailure failure)
    {
        world.Fal.Script(null, Sentence(status, detail, type));
        var outcome = await world.DrawAsync("fal");
        Assert.Equal((failure, detail), (outcome.Failure, outcome.Detail));
        Assert.Single(world.Fal.Requests);
    }

    [Theory]
    [InlineData("""{"images":[]}""")]
    [InlineData("""{"images":[{"url":""}]}""")]
    [InlineData("""{"images":[{"url":"data:image/png;base64,bm8gaW1hZ2U="}]}""")]
    [InlineData("""{"images":[{"url":"data:image/png"}]}""")]
    [InlineData("""{"images":[{"url":"http://example.test/picture.png"}]}""")]
    [InlineData("""{"images":[{"ur""")]
    [InlineData("null")]
    public async Task An_answer_without_an_image_is_a_bad_answer(string body)
    {
        world.Fal.Script(null, Behaviour.Answer(200, body));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("fal")).Failure);
    }

    [Fact]
    public async Task A_page_instead_of_JSON_counts_by_its_status()
    {
        world.Fal.Script(null, Behaviour.Answer(503, "<html>Service unavailable</html>", "text/html"));
        Assert.Equal(ProviderFailure.Overloaded, (await world.DrawAsync("fal")).Failure);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        world.Fal.Script(null, new Behaviour((context, _) =>
        {
            context.Response.Redirect("http://example.test/");
            return Task.CompletedTask;
        }));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("fal")).Failure);
    }

    [Fact]
    public async Task An_answer_larger_than_any_image_is_not_read_to_its_end()
    {
        world.Fal.Script(null, Behaviour.Answer(200, new string(' ', ImageBytes.SizeLimit / 3 * 4 + 128 * 1024)));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("fal")).Failure);
    }

    [Fact]
    public async Task An_image_that_cannot_be_fetched_was_drawn_all_the_same()
    {
        using var closed = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        closed.Start();
        var port = ((System.Net.IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        var answer = FormattableString.Invariant($$"""{"images":[{"url":"http://127.0.0.1:{{port}}/gone.png"}]}""");
        world.Fal.Script(null, Behaviour.Answer(200, answer));
        Assert.Equal(ProviderFailure.ConnectionLost, (await world.DrawAsync("fal")).Failure);
    }

    [Fact]
    public async Task A_connection_lost_after_the_request_went_out_is_told_apart_from_one_never_made()
    {
        world.Fal.Script(null, Behaviour.Reset);
        Assert.Equal(ProviderFailure.ConnectionLost, (await world.DrawAsync("fal")).Failure);
    }

    [Fact]
    public async Task Cancellation_ends_a_call_that_hangs()
    {
        world.Fal.Script(null, Behaviour.Hang);
        using var cancellation = new CancellationTokenSource();
        var call = world.DrawAsync("fal", cancellationToken: cancellation.Token);
        await Wait.UntilAsync(() => world.Fal.Requests.Count == 1, "the vendor has the request");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_wrong_key_is_unauthorized()
    {
        await using var stranger = await ProviderWorld.StartAsync(settings: ("Providers:Fal:ApiKey", "wrong"));
        Assert.Equal(ProviderFailure.Unauthorized, (await stranger.DrawAsync("fal")).Failure);
    }
}
