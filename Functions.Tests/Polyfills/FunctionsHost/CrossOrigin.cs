using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class CrossOrigin
{
    private const string Settings = """{ "Host": { "CORS": "http://localhost:3000, https://shop.example", "CORSCredentials": true } }""";

    [Fact]
    public async Task An_allowed_origin_is_named_back_with_credentials()
    {
        using var answer = await AskAsync(Settings, "GET", "https://shop.example");
        Assert.Equal("https://shop.example", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Equal("true", Header(answer, "Access-Control-Allow-Credentials"));
        Assert.Equal("Origin", Header(answer, "Vary"));
    }

    [Theory]
    [InlineData(Settings, "https://evil.example")]
    [InlineData(null, "https://shop.example")]
    public async Task Another_origin_gets_its_answer_without_permission_to_read_it(string? settings, string origin)
    {
        using var answer = await AskAsync(settings, "GET", origin);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Null(Header(answer, "Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_star_allows_every_origin_and_never_credentials()
    {
        using var answer = await AskAsync("""{ "Host": { "CORS": "*", "CORSCredentials": true } }""", "GET", "https://any.example");
        Assert.Equal("*", Header(answer, "Access-Control-Allow-Origin"));
        Assert.Null(Header(answer, "Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task A_preflight_is_answered_without_a_function()
    {
        using var answer = await AskAsync(
            Settings, "OPTIONS", "http://localhost:3000", ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization,content-type"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("POST", Header(answer, "Access-Control-Allow-Methods"));
        Assert.Equal("authorization,content-type", Header(answer, "Access-Control-Allow-Headers"));
    }

    [Fact]
    public async Task A_preflight_of_another_origin_gets_no_permission()
    {
        using var answer = await AskAsync(Settings, "OPTIONS", "https://evil.example", ("Access-Control-Request-Method", "POST"));
        Assert.Null(Header(answer, "Access-Control-Allow-Origin"));
        Assert.Null(Header(answer, "Access-Control-Allow-Methods"));
    }

    private static async Task<HttpResponseMessage> AskAsync(string? settings, string method, string origin, params (string Name, string Value)[] headers)
    {
        await using var app = await LocalApp.StartAsync(new LocalAppOptions { LocalSettings = settings }, typeof(Web));
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/web");
        request.Headers.Add("Origin", origin);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await app.Http.SendAsync(request);
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    public static class Web
    {
        [Function("Web")]
        public static void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post")] HttpRequest request) => _ = request;
    }
}
