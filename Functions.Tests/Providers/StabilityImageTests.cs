using ServerlessAi.Images;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Images;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Polyfills.FunctionsHost;
using static ServerlessAi.Simulator.Vendors.StabilityStandIn;

namespace ServerlessAi.Tests.Providers;

public sealed class StabilityImageTests : IAsyncLifetime
{
    private static readonly ImageCall Call = new("stable-image-core", "A red fox", "square", "");

    private StabilityStandIn vendor = null!;
    private ProviderWorld world = null!;

    public async Task InitializeAsync()
    {
        vendor = await StabilityStandIn.StartAsync();
        world = await StartAsync(ApiKey);
    }

    public async Task DisposeAsync()
    {
        await world.DisposeAsync();
        await vendor.DisposeAsync();
    }

    [Theory]
    [InlineData("stable-image-core", "core", null)]
    [InlineData("stable-image-ultra", "ultra", null)]
    [InlineData("sd3.5-large", "sd3", "sd3.5-large")]
    [InlineData("sd3.5-medium", "sd3", "sd3.5-medium")]
    public async Task Each_model_has_its_endpoint(string model, string endpoint, string? sent)
    {
        var image = (await DrawAsync(Call with { Model = model })).Value!;
        Assert.Equal(VendorStandIn.Picture.ToArray(), image.Content.ToArray());
        var request = Assert.Single(vendor.Requests);
        Assert.Equal(("POST", $"/v2beta/stable-image/generate/{endpoint}"), (request.Method, request.Path));
        Assert.Equal(sent, FormBody.Read(request).Fields.GetValueOrDefault("model"));
    }

    [Theory]
    [InlineData("square", "1:1")]
    [InlineData("portrait", "2:3")]
    [InlineData("landscape", "3:2")]
    public async Task The_request_is_the_documented_form(string aspect, string ratio)
    {
        await DrawAsync(Call with { Aspect = aspect, Style = "watercolour, größer" });
        var request = Assert.Single(vendor.Requests);
        Assert.Equal(($"Bearer {ApiKey}", "image/*"), (request.Headers["Authorization"], request.Headers["Accept"]));
        Assert.Equal(
            ["prompt=A red fox\n\nStyle: watercolour, größer", $"aspect_ratio={ratio}", "output_format=png"],
            FormBody.Read(request).Fields.Select(field => $"{field.Key}={field.Value}"));
    }

    [Fact]
    public async Task An_image_in_JSON_is_understood_as_well()
    {
        vendor.Script(null, InJson());
        Assert.Equal((12, 8), ((await DrawAsync()).Value!.Width, (await DrawAsync()).Value!.Height));
    }

    [Fact]
    public async Task A_blurred_image_is_refused_content_in_either_form()
    {
        vendor.Script(null, Image("CONTENT_FILTERED"), InJson("CONTENT_FILTERED"));
        Assert.Equal(ProviderFailure.ContentRefused, (await DrawAsync()).Failure);
        Assert.Equal(ProviderFailure.ContentRefused, (await DrawAsync()).Failure);
    }

    [Theory]
    [InlineData(400, "bad_request", ProviderFailure.InvalidRequest)]
    [InlineData(401, "unauthorized", ProviderFailure.Unauthorized)]
    [InlineData(402, "payment_required", ProviderFailure.RateLimited)]
    [InlineData(403, "content_moderation", ProviderFailure.ContentRefused)]
    [InlineData(403, "forbidden", ProviderFailure.Unauthorized)]
    [InlineData(404, "not_found", ProviderFailure.ModelNotFound)]
    [InlineData(413, "payload_too_large", ProviderFailure.InvalidRequest)]
    [InlineData(422, "invalid_language", ProviderFailure.InvalidRequest)]
    [InlineData(429, "rate_limit_exceeded", ProviderFailure.RateLimited)]
    [InlineData(500, "internal_error", ProviderFailure.Unavailable)]
    [InlineData(503, "service_unavailable", ProviderFailure.Overloaded)]
    public async Task An_error_answer_becomes_a_failure(int status, string name, ProviderFailure failure)
    {
        vendor.Script(null, Error(status, name, "Some words.", "And more.").With("Retry-After", "60"));
        var outcome = await DrawAsync();
        Assert.Equal((failure, "Some words. And more.", TimeSpan.FromMinutes(1)), (outcome.Failure, outcome.Detail, outcome.RetryAfter));
        Assert.Single(vendor.Requests);
    }

    [Theory]
    [InlineData("<html>Bad gateway</html>")]
    [InlineData("""{"errors":"words"}""")]
    [InlineData("[]")]
    public async Task An_error_that_says_nothing_counts_by_its_status(string body)
    {
        vendor.Script(null, Behaviour.Answer(502, body));
        var outcome = await DrawAsync();
        Assert.Equal((ProviderFailure.Unavailable, "HTTP 502."), (outcome.Failure, outcome.Detail));
    }

    [Theory]
    [InlineData("application/json", """{"finish_reason":"SUCCESS"}""")]
    [InlineData("application/json", """{"image":"not base64!"}""")]
    [InlineData("application/json", """{"ima""")]
    [InlineData("image/png", "no picture")]
    [InlineData("image/png", "")]
    public async Task An_answer_without_an_image_is_a_bad_answer(string contentType, string body)
    {
        vendor.Script(null, Behaviour.Answer(200, body, contentType));
        Assert.Equal(ProviderFailure.BadAnswer, (await DrawAsync()).Failure);
    }

    [Theory]
    [InlineData("image/png")]
    [InlineData("application/json")]
    public async Task An_answer_larger_than_any_image_is_not_read_to_its_end(string contentType)
    {
        vendor.Script(null, Behaviour.Answer(200, new string(' ', ImageBytes.SizeLimit / 3 * 4 + 128 * 1024), contentType));
        Assert.Equal(ProviderFailure.BadAnswer, (await DrawAsync()).Failure);
    }

    [Fact]
    public async Task A_lost_connection_is_told_apart_from_one_never_made()
    {
        vendor.Script(null, Behaviour.Reset, Behaviour.CutOff("""{"image":"iVBOR"""));
        Assert.Equal(ProviderFailure.ConnectionLost, (await DrawAsync()).Failure);
        Assert.Equal(ProviderFailure.ConnectionLost, (await DrawAsync()).Failure);
        await vendor.DisposeAsync();
        Assert.Equal(ProviderFailure.Unavailable, (await DrawAsync()).Failure);
    }

    [Fact]
    public async Task Cancellation_ends_a_call_that_hangs()
    {
        vendor.Script(null, Behaviour.Hang);
        using var cancellation = new CancellationTokenSource();
        var call = world.DrawAsync("stability", Call, cancellation.Token);
        await Wait.UntilAsync(() => vendor.Requests.Count == 1, "the vendor has the request");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_wrong_key_is_unauthorized()
    {
        await using var stranger = await StartAsync("wrong");
        Assert.Equal(ProviderFailure.Unauthorized, (await stranger.DrawAsync("stability", Call)).Failure);
    }

    private Task<ProviderWorld> StartAsync(string key) =>
        ProviderWorld.StartAsync(settings: [("Providers:Stability:ApiKey", key), ("Providers:Stability:BaseUrl", vendor.BaseUrl)]);

    private Task<ProviderOutcome<ImageBytes>> DrawAsync(ImageCall? call = null) => world.DrawAsync("stability", call ?? Call);
}
