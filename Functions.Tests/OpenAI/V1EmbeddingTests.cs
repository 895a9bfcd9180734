using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

public sealed class V1EmbeddingTests
{
    [Fact]
    public async Task Texts_are_embedded_at_the_price_of_what_goes_in_and_free_the_second_time()
    {
        await using var door = await Door.OpenAsync();
        var body = new JsonObject { ["model"] = "text-embedding-3-small", ["input"] = new JsonArray("a fox", "a dog"), ["dimensions"] = 3, ["userId"] = "ann" };

        var reply = await door.App.PostAsync("v1/embeddings", body);
        var again = await door.App.PostAsync("v1/embeddings", body);

        body.Remove("userId");
        Assert.True(JsonNode.DeepEquals(body, Assert.Single(door.Vendor.Requests).Json));
        Assert.Equal((200, 2), (reply.Status, reply.Body.GetProperty("data").GetArrayLength()));
        // 12 tokens at $0.02 a million; × 1.5; ÷ $0.10 a credit; rounded up to a micro-credit.
        Assert.Equal("0.000004", reply.Headers["x-credits-charged"]);
        Assert.Equal(("hit", "0", reply.Body.GetRawText()), (again.Headers["x-cache"], again.Headers["x-credits-charged"], again.Body.GetRawText()));
    }

    [Fact]
    public async Task Another_models_vectors_are_no_answer()
    {
        await using var door = await Door.OpenAsync();
        door.Vendor.Script(model: null, OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));

        var reply = await door.App.PostAsync("v1/embeddings", new { userId = "ann", model = "text-embedding-3-large", input = "a fox" });

        Assert.Equal((502, "provider_failed"), (reply.Status, V1ChatTests.Error(reply, "code")));
        Assert.Single(door.Vendor.Requests);
        Assert.Equal((10m, 0m), await door.CreditsAsync());
    }

    [Theory]
    [InlineData("""{"input":"x"}""", 400, "model")]
    [InlineData("""{"model":"text-embedding-3-small"}""", 400, "input")]
    [InlineData("""{"model":"text-embedding-3-small","input":[]}""", 400, "input")]
    [InlineData("""{"model":"text-embedding-3-small","input":["x",1]}""", 400, "input")]
    [InlineData("""{"model":"openai-gpt-4.1","input":"x"}""", 404, "model")]
    public async Task What_cannot_be_embedded_is_refused(string body, int status, string param)
    {
        await using var door = await Door.OpenAsync();

        var reply = await door.App.SendAsync(HttpMethod.Post, "v1/embeddings?userId=ann", change: request => request.Content = new StringContent(body, null, "application/json"));

        Assert.Equal((status, param), (reply.Status, V1ChatTests.Error(reply, "param")));
    }

    [Fact]
    public async Task An_image_comes_as_base64_when_that_is_asked_for_and_joins_the_gallery_either_way()
    {
        await using var door = await Door.OpenAsync();

        var reply = await door.App.PostAsync("v1/images/generations?userId=ann", new { prompt = "a fox", response_format = "b64_json" });
        var url = await door.App.PostAsync("v1/images/generations?userId=ann", new { prompt = "a fox" });

        var image = reply.Body.GetProperty("data")[0];
        Assert.Equal(VendorStandIn.Picture.ToArray(), image.GetProperty("b64_json").GetBytesFromBase64());
        Assert.False(image.TryGetProperty("url", out _));
        Assert.True(url.Body.GetProperty("data")[0].TryGetProperty("url", out _));
        Assert.Equal((reply.Headers["x-image-id"], 200), (url.Headers["x-image-id"], (await door.App.GetAsync($"images/{reply.Headers["x-image-id"]}?userId=ann")).Status));
        Assert.Equal(1, (await door.App.GetAsync("images?userId=ann")).Body.GetProperty("images").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"prompt":"a fox","n":2}""", "n")]
    [InlineData("""{"prompt":"a fox","quality":"high"}""", "quality")]
    [InlineData("""{"prompt":"a fox","size":"huge"}""", "size")]
    [InlineData("""{"prompt":"a fox","response_format":"file"}""", "response_format")]
    public async Task Images_that_have_no_price_are_refused(string body, string param)
    {
        await using var door = await Door.OpenAsync();

        var reply = await door.App.SendAsync(HttpMethod.Post, "v1/images/generations?userId=ann", change: request => request.Content = new StringContent(body, null, "application/json"));

        Assert.Equal((400, param), (reply.Status, V1ChatTests.Error(reply, "param")));
    }
}
