using ServerlessAi.Images;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Images;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Simulator.Vendors.OpenAIStandIn;

namespace ServerlessAi.Tests.Providers;

public sealed class OpenAIImageTests : IAsyncLifetime
{
    private ProviderWorld world = null!;

    public async Task InitializeAsync() => world = await ProviderWorld.StartAsync();

    public async Task DisposeAsync() => await world.DisposeAsync();

    [Fact]
    public async Task An_image_comes_as_bytes_that_were_looked_at()
    {
        var image = (await world.DrawAsync("openai")).Value!;
        Assert.Equal(("image/png", 12, 8), (image.ContentType, image.Width, image.Height));
        Assert.Equal(VendorStandIn.Picture.ToArray(), image.Content.ToArray());
    }

    [Theory]
    [InlineData("square", "1024x1024")]
    [InlineData("portrait", "1024x1536")]
    [InlineData("landscape", "1536x1024")]
    public async Task The_aspect_becomes_a_size_and_the_style_part_of_the_prompt(string aspect, string size)
    {
        await world.DrawAsync("openai", new ImageCall("gpt-image-1", "A red fox", aspect, "watercolour"));
        var request = Assert.Single(world.OpenAI.Requests);
        Assert.Equal(("/v1/images/generations", $"Bearer {OpenAIStandIn.ApiKey}"), (request.Path, request.Headers["Authorization"]));
        Assert.Equal(
            $$"""{"model":"gpt-image-1","prompt":"A red fox\n\nStyle: watercolour","n":1,"size":"{{size}}","quality":"medium"}""", request.Json.ToJsonString());
    }

    [Fact]
    public async Task The_quality_is_a_setting()
    {
        await using var fine = await ProviderWorld.StartAsync(settings: ("Providers:OpenAI:ImageQuality", "high"));
        await fine.DrawAsync("openai");
        await fine.DrawAsync("openai", new ImageCall("dall-e-3", "A red fox", "portrait", ""));
        Assert.Equal("high", fine.OpenAI.Requests[0].Json["quality"]!.GetValue<string>());
        Assert.Equal(
            """{"model":"dall-e-3","prompt":"A red fox","n":1,"size":"1024x1792","quality":"hd","response_format":"b64_json"}""",
            fine.OpenAI.Requests[1].Json.ToJsonString());
    }

    [Fact]
    public async Task The_oldest_model_is_asked_for_what_it_knows()
    {
        await world.DrawAsync("openai", new ImageCall("dall-e-2", "A red fox", "portrait", ""));
        Assert.Equal(
            """{"model":"dall-e-2","prompt":"A red fox","n":1,"size":"1024x1024","response_format":"b64_json"}""", world.OpenAI.Requests[0].Json.ToJsonString());
    }

    [Fact]
    public async Task An_answer_that_points_to_the_image_is_followed()
    {
        world.OpenAI.Script("dall-e-3", ImageAt(world.OpenAI.BaseUrl + "/picture.png"));
        var image = (await world.DrawAsync("openai", new ImageCall("dall-e-3", "A red fox", "square", ""))).Value!;
        Assert.Equal((12, 8), (image.Width, image.Height));
        Assert.False(world.OpenAI.Requests[^1].Headers.ContainsKey("Authorization"), "the key goes to the API alone");
    }

    [Theory]
    [InlineData("http://example.test/picture.png")]
    [InlineData("file:///etc/hostname")]
    [InlineData("/picture.png")]
    public async Task An_image_that_does_not_come_over_https_is_not_fetched(string url)
    {
        world.OpenAI.Script(null, ImageAt(url));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("openai")).Failure);
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_a_bad_answer()
    {
        world.OpenAI.Script(null, ImageAt(world.OpenAI.BaseUrl + "/gone.png"));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("openai")).Failure);
    }

    [Theory]
    [InlineData("""{"created":1,"data":[]}""")]
    [InlineData("""{"created":1}""")]
    [InlineData("""{"created":1,"data":[{"revised_prompt":"x"}]}""")]
    [InlineData("""{"created":1,"data":[{"b64_json":"bm8gaW1hZ2UgYnV0IGxvbmcgZW5vdWdoIHRvIGJlIHNuaWZmZWQgYXQu"}]}""")]
    [InlineData("""{"created":1,"data":[{"b64_json":"not base64!"}]}""")]
    [InlineData("""{"created":1,"da""")]
    public async Task An_answer_without_an_image_is_a_bad_answer(string body)
    {
        world.OpenAI.Script(null, Behaviour.Answer(200, body));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("openai")).Failure);
    }

    [Fact]
    public async Task An_image_larger_than_the_limit_is_not_read_to_its_end()
    {
        world.OpenAI.Script(null, Behaviour.Answer(200, new string(' ', ImageBytes.SizeLimit / 3 * 4 + 128 * 1024)));
        Assert.Equal(ProviderFailure.BadAnswer, (await world.DrawAsync("openai")).Failure);
    }

    [Theory]
    [InlineData(400, "image_generation_user_error", "moderation_blocked", ProviderFailure.ContentRefused)]
    [InlineData(400, "image_generation_user_error", "content_policy_violation", ProviderFailure.ContentRefused)]
    [InlineData(400, "invalid_request_error", "invalid_value", ProviderFailure.InvalidRequest)]
    [InlineData(400, "invalid_request_error", "billing_hard_limit_reached", ProviderFailure.RateLimited)]
    [InlineData(403, "invalid_request_error", null, ProviderFailure.Unauthorized)]
    [InlineData(429, "input-images", "rate_limit_exceeded", ProviderFailure.RateLimited)]
    [InlineData(500, "server_error", null, ProviderFailure.Unavailable)]
    [InlineData(503, "server_error", null, ProviderFailure.Overloaded)]
    public async Task An_error_answer_becomes_a_failure(int status, string type, string? code, ProviderFailure failure)
    {
        world.OpenAI.Script(null, Error(status, type, code, "Your request was rejected."));
        var outcome = await world.DrawAsync("openai");
        Assert.Equal((failure, "Your request was rejected."), (outcome.Failure, outcome.Detail));
    }

    [Fact]
    public async Task A_connection_lost_after_the_request_went_out_is_told_apart_from_one_never_made()
    {
        world.OpenAI.Script(null, Behaviour.Reset);
        Assert.Equal(ProviderFailure.ConnectionLost, (await world.DrawAsync("openai")).Failure);
    }
}
