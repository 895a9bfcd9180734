using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class HttpAnswers
{
    [Theory]
    [InlineData("action", HttpStatusCode.Created, """{"text":"a"}""")]
    [InlineData("action-task", HttpStatusCode.OK, "\"b\"")]
    [InlineData("result", HttpStatusCode.Accepted, """{"text":"c"}""")]
    [InlineData("plain", HttpStatusCode.OK, """{"text":"d"}""")]
    [InlineData("value-task", HttpStatusCode.OK, """{"text":"e"}""")]
    [InlineData("nothing", HttpStatusCode.OK, "")]
    [InlineData("nothing-task", HttpStatusCode.OK, "")]
    [InlineData("null", HttpStatusCode.OK, "")]
    [InlineData("written", HttpStatusCode.NonAuthoritativeInformation, "by hand")]
    public async Task What_a_function_returns_becomes_the_answer(string route, HttpStatusCode status, string body)
    {
        await using var app = await LocalApp.StartAsync(typeof(Results));
        using var answer = await app.Http.GetAsync($"/api/results/{route}");
        Assert.Equal((status, body), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Route_values_bind_to_parameters_by_name()
    {
        await using var app = await LocalApp.StartAsync(typeof(Bound));
        var id = Guid.Parse("6f9619ff-8b86-d011-b42d-00c04fc964ff");
        Assert.Equal($"shoes 7 {id} -", await app.Http.GetStringAsync($"/api/bound/shoes/7/{id}"));
        Assert.Equal($"shoes 7 {id} 3", await app.Http.GetStringAsync($"/api/bound/shoes/7/{id}/3"));
    }

    [Fact]
    public async Task A_route_value_that_does_not_convert_is_a_failed_invocation()
    {
        await using var app = await LocalApp.StartAsync(typeof(Bound));
        using var answer = await app.Http.GetAsync("/api/unconstrained/seven");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    [Fact]
    public async Task An_unhandled_exception_is_an_empty_500_and_logged()
    {
        await using var app = await LocalApp.StartAsync(typeof(Broken));
        using var answer = await app.Http.GetAsync("/api/broken");
        Assert.Equal((HttpStatusCode.InternalServerError, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.Contains(app.Logs.Lines, line => line.Text.Contains("Function Broken failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_exception_after_the_first_byte_breaks_the_connection()
    {
        await using var app = await LocalApp.StartAsync(typeof(Broken));
        await Assert.ThrowsAsync<HttpRequestException>(() => app.Http.GetStringAsync("/api/broken-late"));
    }

    [Fact]
    public async Task Json_options_of_the_app_shape_the_answers()
    {
        var options = new LocalAppOptions { Configure = b => b.Services.Configure<JsonOptions>(o => o.JsonSerializerOptions.PropertyNamingPolicy = null) };
        await using var app = await LocalApp.StartAsync(options, typeof(Results));
        Assert.Equal("""{"Text":"d"}""", await app.Http.GetStringAsync("/api/results/plain"));
    }

    [Fact]
    public async Task A_function_is_made_anew_in_a_scope_of_its_own()
    {
        await using var app = await LocalApp.StartAsync(new LocalAppOptions { Configure = b => b.Services.AddScoped<Scoped>() }, typeof(Injected));
        Assert.Equal("True 1", await app.Http.GetStringAsync("/api/injected"));
        Assert.Equal("True 1", await app.Http.GetStringAsync("/api/injected"));
    }

    public sealed record Said(string Text);

    public sealed class Results
    {
        [Function("Action")]
        public IActionResult Action([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/action")] HttpRequest request) =>
            new ObjectResult(new Said("a")) { StatusCode = 201 };

        [Function("ActionTask")]
        public async Task<IActionResult> ActionTask([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/action-task")] HttpRequest request)
        {
            await Task.Yield();
            return new JsonResult("b");
        }

        [Function("Result")]
        public IResult Result([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/result")] HttpRequest request) =>
            Microsoft.AspNetCore.Http.Results.Accepted(uri: null, new Said("c"));

        [Function("Plain")]
        public Said Plain([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/plain")] HttpRequest request) => new("d");

        [Function("ValueTask")]
        public ValueTask<Said> Later([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/value-task")] HttpRequest request) =>
            ValueTask.FromResult(new Said("e"));

        [Function("Nothing")]
        public void Nothing([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/nothing")] HttpRequest request)
        {
            // Says nothing.
        }

        [Function("NothingTask")]
        public async Task NothingTask([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/nothing-task")] HttpRequest request) =>
            await Task.Yield();

        [Function("Null")]
        public Said? Null([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/null")] HttpRequest request) => null;

        [Function("Written")]
        public async Task Written([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "results/written")] HttpRequest request)
        {
            request.HttpContext.Response.StatusCode = 203;
            await request.HttpContext.Response.WriteAsync("by hand");
        }
    }

    public sealed class Bound
    {
        [Function("Bound")]
        public IActionResult Run(
            [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "bound/{category}/{id:int}/{key:guid}/{page:int?}")] HttpRequest request,
            string category, int id, Guid key, int? page) => new ContentResult { Content = $"{category} {id} {key} {page?.ToString() ?? "-"}" };

        [Function("Unconstrained")]
        public IActionResult Number([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "unconstrained/{id}")] HttpRequest request, int id) =>
            new OkObjectResult(id);
    }

    public sealed class Broken
    {
        [Function("Broken")]
        public Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "broken")] HttpRequest request) =>
            throw new InvalidOperationException("on purpose");

        [Function("BrokenLate")]
        public async Task Late([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "broken-late")] HttpRequest request)
        {
            await request.HttpContext.Response.WriteAsync("half");
            await request.HttpContext.Response.Body.FlushAsync();
            throw new InvalidOperationException("on purpose");
        }
    }

    internal sealed class Scoped
    {
        public int Uses { get; set; }
    }

    /// <summary>The class may be internal; only the method has to be public.</summary>
    internal sealed class Injected(Scoped scoped)
    {
        [Function("Injected")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context) =>
            new ContentResult { Content = $"{ReferenceEquals(scoped, context.InstanceServices.GetRequiredService<Scoped>())} {++scoped.Uses}" };
    }
}
