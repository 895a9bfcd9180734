using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class AdminDoor
{
    [Theory]
    [InlineData("Tick", """{"input":null}""", HttpStatusCode.Accepted)]
    [InlineData("tick", """{"input":"x"}""", HttpStatusCode.Accepted)]
    [InlineData("Unknown", """{"input":null}""", HttpStatusCode.NotFound)]
    [InlineData("Tick", """{"input":""", HttpStatusCode.BadRequest)]
    [InlineData("Tick", "", HttpStatusCode.BadRequest)]
    [InlineData("Tick", "[]", HttpStatusCode.BadRequest)]
    [InlineData("Web", """{"input":null}""", HttpStatusCode.BadRequest)]
    public async Task Posting_to_a_function_runs_a_timer(string function, string body, HttpStatusCode status)
    {
        var time = new ManualTime();
        await using var app = await TimerApp.StartAsync(time, [], typeof(Tick), typeof(Web));
        using var answer = await app.App.Http.PostAsync($"/admin/functions/{function}", new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(status, answer.StatusCode);
        if (status == HttpStatusCode.Accepted)
        {
            await app.UntilRunsAsync(1);
            Assert.False(app.Log.Runs[0].Info.IsPastDue);
        }
    }

    [Fact]
    public async Task Ping_and_status_answer()
    {
        await using var app = await LocalApp.StartAsync(typeof(Web));
        using var ping = await app.Http.GetAsync("/admin/host/ping");
        Assert.Equal(HttpStatusCode.OK, ping.StatusCode);
        var status = await app.Http.GetFromJsonAsync<JsonElement>("/admin/host/status");
        Assert.Equal("Running", status.GetProperty("state").GetString());
        Assert.Empty(status.GetProperty("errors").EnumerateArray());
        using var unknown = await app.Http.GetAsync("/admin/unknown");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task The_list_names_each_function_with_its_trigger()
    {
        await using var app = await LocalApp.StartAsync(new LocalAppOptions { Args = ["--AzureWebJobs.Tick.Disabled=true"] }, typeof(Web), typeof(Tick));
        var list = await app.Http.GetFromJsonAsync<JsonElement[]>("/admin/functions");
        string[] lines = [.. list!.Select(f => $"{f.GetProperty("name")} {Trigger(f)} {f.GetProperty("isDisabled")} {f.GetProperty("invoke_url_template")}")];
        Assert.Equal(["Tick timerTrigger True ", $"Web httpTrigger False {app.Address}api/web/{{id}}"], lines);
        var one = await app.Http.GetFromJsonAsync<JsonElement>("/admin/functions/web");
        Assert.Equal($"{typeof(Web).FullName}.Run", one.GetProperty("config").GetProperty("entryPoint").GetString());
    }

    private static JsonElement Trigger(JsonElement function) => function.GetProperty("config").GetProperty("bindings")[0].GetProperty("type");

    internal sealed class Tick(TimerLog log)
    {
        [Function("Tick")]
        public Task Run([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => log.RunAsync("Tick", timer);
    }

    public static class Web
    {
        [Function("Web")]
        public static void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "web/{id}")] HttpRequest request, string id) => _ = (request, id);
    }
}
