using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class Middlewares
{
    [Fact]
    public async Task Middleware_runs_in_the_order_of_its_registration_around_the_function()
    {
        var options = new LocalAppOptions
        {
            Configure = b =>
            {
                b.UseMiddleware(async (context, next) =>
                {
                    context.Items["trail"] = "a";
                    await next();
                    var result = context.GetInvocationResult<IActionResult>();
                    result.Value = new ContentResult { Content = ((ContentResult)result.Value!).Content + "-after" };
                });
                b.UseMiddleware((context, next) =>
                {
                    context.Items["trail"] += "b";
                    return next();
                });
            },
        };
        await using var app = await LocalApp.StartAsync(options, typeof(Functions));
        Assert.Equal("ab-after", await app.Http.GetStringAsync("/api/trail"));
    }

    [Fact]
    public async Task A_middleware_class_is_one_singleton()
    {
        await using var app = await LocalApp.StartAsync(new LocalAppOptions { Configure = b => b.UseMiddleware<Counting>() }, typeof(Functions));
        await app.Http.GetStringAsync("/api/trail");
        await app.Http.GetStringAsync("/api/trail");
        var counting = app.Host.Services.GetRequiredService<Counting>();
        Assert.Equal((2, 1), (counting.Calls, Counting.Made));
    }

    [Fact]
    public async Task Use_when_applies_to_chosen_functions()
    {
        var options = new LocalAppOptions
        {
            Configure = b => b.UseWhen(
                context => string.Equals(context.FunctionDefinition.Name, "Teapot", StringComparison.Ordinal),
                (context, _) =>
                {
                    context.GetInvocationResult().Value = new StatusCodeResult(418);
                    return Task.CompletedTask;
                }),
        };
        await using var app = await LocalApp.StartAsync(options, typeof(Functions));
        using var chosen = await app.Http.GetAsync("/api/teapot");
        using var other = await app.Http.GetAsync("/api/trail");
        Assert.Equal((418, HttpStatusCode.OK), ((int)chosen.StatusCode, other.StatusCode));
    }

    [Fact]
    public async Task An_exception_middleware_can_answer_for_a_failed_function()
    {
        var options = new LocalAppOptions { Configure = b => b.UseMiddleware<Problems>() };
        await using var app = await LocalApp.StartAsync(options, typeof(Functions));
        using var answer = await app.Http.GetAsync("/api/fails");
        Assert.Equal((HttpStatusCode.InternalServerError, "sorry: on purpose"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task The_context_describes_function_and_trigger()
    {
        await using var app = await LocalApp.StartAsync(typeof(Functions));
        var expected = $"About|{typeof(Functions).FullName}.About|{typeof(Functions).Assembly.Location}|request:httpTrigger:In|id=7|request,context,id";
        Assert.Equal(expected, await app.Http.GetStringAsync("/api/about/7"));
    }

    [Fact]
    public async Task Request_services_are_those_of_the_invocation()
    {
        await using var app = await LocalApp.StartAsync(typeof(Functions));
        Assert.Equal("True", await app.Http.GetStringAsync("/api/services"));
    }

    internal sealed class Counting : IFunctionsWorkerMiddleware
    {
        public Counting() => Made++;

        public static int Made { get; private set; }

        public int Calls { get; private set; }

        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            Calls++;
            return next(context);
        }
    }

    internal sealed class Problems : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            try
            {
                await next(context);
            }
            catch (InvalidOperationException failed)
            {
                context.GetInvocationResult().Value = new ContentResult { Content = $"sorry: {failed.Message}", StatusCode = 500 };
            }
        }
    }

    public sealed class Functions
    {
        [Function("Trail")]
        public IActionResult Trail([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context) =>
            new ContentResult { Content = context.Items.TryGetValue("trail", out var trail) ? (string)trail : "" };

        [Function("Teapot")]
        public void Teapot([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => _ = request;

        [Function("Fails")]
        public async Task<IActionResult> Fails([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
        {
            await Task.Yield();
            throw new InvalidOperationException("on purpose");
        }

        [Function("About")]
        public IActionResult About([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "about/{id:int}")] HttpRequest request, FunctionContext context, int id)
        {
            var definition = context.FunctionDefinition;
            var trigger = definition.InputBindings.Values.Single();
            return new ContentResult
            {
                Content = string.Join(
                    '|', definition.Name, definition.EntryPoint, definition.PathToAssembly, $"{trigger.Name}:{trigger.Type}:{trigger.Direction}",
                    $"id={context.BindingContext.BindingData["id"]}", string.Join(',', definition.Parameters.Select(p => p.Name))),
            };
        }

        [Function("Services")]
        public IActionResult Services([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context) =>
            new ContentResult
            {
                Content = (ReferenceEquals(context.GetHttpContext(), request.HttpContext)
                    && ReferenceEquals(context.InstanceServices, request.HttpContext.RequestServices)).ToString(),
            };
    }
}
