using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class Discovery
{
    [Theory]
    [InlineData(typeof(BadName), "1st: '1st' is not a valid function name.")]
    [InlineData(typeof(LongName), "is not a valid function name.")]
    [InlineData(typeof(NamedHost), "Host: 'Host' is not a valid function name.")]
    [InlineData(typeof(NoTrigger), "NoTrigger: The method Run must have exactly one trigger parameter, not 0.")]
    [InlineData(typeof(Hidden), "Hidden: The method Run must be public.")]
    [InlineData(typeof(OddType), "OddType: The trigger parameter 'body' has a type that the local host does not bind.")]
    [InlineData(typeof(Admin), "Admin: The specified route conflicts with one or more built in routes.")]
    [InlineData(typeof(Runtime), "Runtime: The specified route conflicts with one or more built in routes.")]
    [InlineData(typeof(BadTemplate), "BadTemplate: The route 'a/{b' cannot be read")]
    [InlineData(typeof(BadSchedule), "BadSchedule: The schedule expression 'whenever' was not recognized as a valid cron expression or timespan string.")]
    [InlineData(typeof(MissingSetting), "MissingSetting: '%No.Such.Setting%' does not resolve to a value.")]
    public async Task An_invalid_function_is_skipped_and_reported_and_the_others_load(Type invalid, string error)
    {
        await using var app = await LocalApp.StartAsync(invalid, typeof(Good));
        Assert.Contains(error, Assert.Single(await app.ErrorsAsync()), StringComparison.Ordinal);
        Assert.Contains(app.Logs.Lines, line => line.Text.Contains("is skipped", StringComparison.Ordinal));
        Assert.Equal("good", await app.Http.GetStringAsync("/api/good"));
    }

    [Fact]
    public async Task A_route_that_starts_with_admin_is_skipped_and_reported()
    {
        await using var app = await LocalApp.StartAsync(typeof(AdminPrices));
        Assert.Equal(["AdminPrices: The specified route conflicts with one or more built in routes."], await app.ErrorsAsync());
        using var answer = await app.Http.GetAsync("/api/admin-prices");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Of_two_functions_with_one_name_the_second_is_skipped_whatever_its_case()
    {
        await using var app = await LocalApp.StartAsync(typeof(Good), typeof(GoodAgain));
        Assert.Equal(["GOOD: There is already a function named 'Good'."], await app.ErrorsAsync());
    }

    [Fact]
    public async Task Of_two_functions_with_one_route_and_a_common_method_the_second_is_skipped()
    {
        await using var app = await LocalApp.StartAsync(typeof(Good), typeof(Taken), typeof(Shared));
        Assert.Equal(["Taken: The route specified conflicts with the route defined by function 'Good'."], await app.ErrorsAsync());
        using var posted = await app.Http.PostAsync("/api/good", content: null);
        Assert.Equal("shared", await posted.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_start_lists_functions_with_methods_and_addresses()
    {
        await using var app = await LocalApp.StartAsync(typeof(Good), typeof(Clock));
        var lines = app.Logs.Lines.Select(line => line.Text).ToArray();
        Assert.Contains($"Good: [GET] {app.Address}api/good", lines, StringComparer.Ordinal);
        Assert.Contains("Clock: timerTrigger", lines, StringComparer.Ordinal);
    }

    public static class Good
    {
        [Function("Good")]
        public static Task Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "good")] HttpRequest request) =>
            request.HttpContext.Response.WriteAsync("good");
    }

    public static class GoodAgain
    {
        [Function("GOOD")]
        public static void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "again")] HttpRequest request) => _ = request;
    }

    public static class Taken
    {
        [Function("Taken")]
        public static void Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", "get", Route = "Good")] HttpRequest request) => _ = request;
    }

    public static class Shared
    {
        [Function("Shared")]
        public static Task Run([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "good")] HttpRequest request) =>
            request.HttpContext.Response.WriteAsync("shared");
    }

    public static class Clock
    {
        [Function("Clock")]
        public static void Run([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => _ = timer;
    }

    public static class BadName
    {
        [Function("1st")]
        public static void Run([HttpTrigger] HttpRequest request) => _ = request;
    }

    public static class LongName
    {
        private const string Sixteen = "abcdefghijklmnop";

        [Function(Sixteen + Sixteen + Sixteen + Sixteen + Sixteen + Sixteen + Sixteen + Sixteen + "q")]
        public static void Run([HttpTrigger] HttpRequest request) => _ = request;
    }

    public static class NamedHost
    {
        [Function("Host")]
        public static void Run([HttpTrigger(Route = "h")] HttpRequest request) => _ = request;
    }

    public static class NoTrigger
    {
        [Function("NoTrigger")]
        public static void Run(HttpRequest request) => _ = request;
    }

    public static class Hidden
    {
        [Function("Hidden")]
        internal static void Run([HttpTrigger] HttpRequest request) => _ = request;
    }

    public static class OddType
    {
        [Function("OddType")]
        public static void Run([HttpTrigger] string body) => _ = body;
    }

    public static class Admin
    {
        [Function("Admin")]
        public static void Run([HttpTrigger] HttpRequest request) => _ = request;
    }

    public static class AdminPrices
    {
        [Function("AdminPrices")]
        public static void Run([HttpTrigger(Route = "admin-prices")] HttpRequest request) => _ = request;
    }

    public static class Runtime
    {
        [Function("Runtime")]
        public static void Run([HttpTrigger(Route = "/Runtime/x")] HttpRequest request) => _ = request;
    }

    public static class BadTemplate
    {
        [Function("BadTemplate")]
        public static void Run([HttpTrigger(Route = "a/{b")] HttpRequest request) => _ = request;
    }

    public static class BadSchedule
    {
        [Function("BadSchedule")]
        public static void Run([TimerTrigger("whenever")] TimerInfo timer) => _ = timer;
    }

    public static class MissingSetting
    {
        [Function("MissingSetting")]
        public static void Run([TimerTrigger("%No.Such.Setting%")] TimerInfo timer) => _ = timer;
    }
}
