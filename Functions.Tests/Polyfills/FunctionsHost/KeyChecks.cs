using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class KeyChecks
{
    private static readonly LocalAppOptions s_auth = new()
    {
        Args = ["--enable-auth", "--LocalHost:Keys:Master=m", "--LocalHost:Keys:Host=h", "--LocalHost:Keys:System=s", "--LocalHost:Keys:Functions:Level=f", "--LocalHost:Keys:Functions:Other=o"],
    };

    [Theory]
    [InlineData("anonymous", "", "", HttpStatusCode.OK)]
    [InlineData("anonymous", "wrong", "", HttpStatusCode.OK)]
    [InlineData("level", "", "", HttpStatusCode.Unauthorized)]
    [InlineData("level", "wrong", "", HttpStatusCode.Unauthorized)]
    [InlineData("level", "f", "", HttpStatusCode.OK)]
    [InlineData("level", "", "f", HttpStatusCode.OK)]
    [InlineData("level", "h", "", HttpStatusCode.OK)]
    [InlineData("level", "m", "", HttpStatusCode.OK)]
    [InlineData("level", "o", "", HttpStatusCode.Unauthorized)]
    [InlineData("level", "s", "", HttpStatusCode.Unauthorized)]
    [InlineData("level", "wrong", "f", HttpStatusCode.Unauthorized)]
    [InlineData("level", "f", "wrong", HttpStatusCode.OK)]
    [InlineData("bare", "", "", HttpStatusCode.Unauthorized)]
    [InlineData("system", "s", "", HttpStatusCode.OK)]
    [InlineData("system", "h", "", HttpStatusCode.Unauthorized)]
    [InlineData("master", "h", "", HttpStatusCode.Unauthorized)]
    [InlineData("master", "m", "", HttpStatusCode.OK)]
    public async Task With_auth_enabled_the_key_must_have_the_level(string route, string header, string code, HttpStatusCode status)
    {
        await using var app = await LocalApp.StartAsync(s_auth, typeof(Levels));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/{route}" + (code.Length == 0 ? "" : $"?code={code}"));
        if (header.Length > 0)
        {
            request.Headers.Add("x-functions-key", header);
        }

        using var answer = await app.Http.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("/admin/host/ping", "", HttpStatusCode.OK)]
    [InlineData("/admin/host/status", "", HttpStatusCode.Unauthorized)]
    [InlineData("/admin/host/status", "?code=h", HttpStatusCode.Unauthorized)]
    [InlineData("/admin/host/status", "?code=m", HttpStatusCode.OK)]
    [InlineData("/admin/functions", "", HttpStatusCode.Unauthorized)]
    public async Task With_auth_enabled_admin_wants_the_master_key(string path, string code, HttpStatusCode status)
    {
        await using var app = await LocalApp.StartAsync(s_auth, typeof(Levels));
        using var answer = await app.Http.GetAsync(path + code);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task Without_auth_enabled_no_key_is_asked_for()
    {
        await using var app = await LocalApp.StartAsync(typeof(Levels));
        foreach (var path in new[] { "/api/level", "/api/master", "/api/system", "/admin/host/status", "/admin/functions" })
        {
            using var answer = await app.Http.GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Keys_that_are_not_set_are_made_up_and_printed()
    {
        await using var app = await LocalApp.StartAsync(new LocalAppOptions { Args = ["--enable-auth"] }, typeof(Levels));
        var line = app.Logs.Lines.Single(l => l.Text.StartsWith("Keys are checked.", StringComparison.Ordinal)).Text;
        var hostKey = line.Split(' ')[^1];
        using var answer = await app.Http.GetAsync($"/api/level?code={hostKey}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public void The_trigger_attribute_has_its_published_default_levels()
    {
        Assert.Equal(AuthorizationLevel.Function, new HttpTriggerAttribute().AuthLevel);
        Assert.Equal(AuthorizationLevel.Anonymous, new HttpTriggerAttribute("get").AuthLevel);
    }

    public static class Levels
    {
        [Function("Anonymous")]
        public static void Anonymous([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => _ = request;

        [Function("Level")]
        public static void Level([HttpTrigger(AuthorizationLevel.Function, "get")] HttpRequest request) => _ = request;

        [Function("Bare")]
        public static void Bare([HttpTrigger] HttpRequest request) => _ = request;

        [Function("System")]
        public static void System([HttpTrigger(AuthorizationLevel.System, "get")] HttpRequest request) => _ = request;

        [Function("Master")]
        public static void Master([HttpTrigger(AuthorizationLevel.Admin, "get")] HttpRequest request) => _ = request;
    }
}
