using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.LocalHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class Routes
{
    [Fact]
    public async Task A_function_without_a_route_is_served_under_its_name_in_any_case()
    {
        await using var app = await LocalApp.StartAsync(typeof(Plain));
        Assert.Equal("plain", await app.Http.GetStringAsync("/api/plain"));
        Assert.Equal("plain", await app.Http.GetStringAsync("/API/PLAIN"));
    }

    [Theory]
    [InlineData("POST", "/api/plain")]
    [InlineData("HEAD", "/api/plain")]
    [InlineData("OPTIONS", "/api/plain")]
    [InlineData("GET", "/plain")]
    [InlineData("GET", "/api/plain/more")]
    [InlineData("GET", "/")]
    public async Task A_wrong_method_is_404_as_a_wrong_path_is(string method, string path)
    {
        await using var app = await LocalApp.StartAsync(typeof(Plain));
        using var answer = await app.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_function_that_names_no_method_takes_all()
    {
        await using var app = await LocalApp.StartAsync(typeof(Any));
        foreach (var method in new[] { "GET", "DELETE", "PATCH", "OPTIONS" })
        {
            using var answer = await app.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), "/api/any"));
            Assert.Equal((HttpStatusCode.OK, method), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        }
    }

    [Theory]
    [InlineData("v2", "/v2/plain")]
    [InlineData("/v2/x/", "/v2/x/plain")]
    [InlineData("", "/plain")]
    public async Task The_prefix_comes_from_host_json_and_may_be_empty(string prefix, string path)
    {
        var options = new LocalAppOptions { HostJson = $$$"""{ "version": "2.0", "extensions": { "http": { "routePrefix": "{{{prefix}}}" } } }""" };
        await using var app = await LocalApp.StartAsync(options, typeof(Plain));
        Assert.Equal("plain", await app.Http.GetStringAsync(path));
    }

    [Fact]
    public async Task Overlapping_templates_keep_the_host_from_starting_and_both_functions_are_named()
    {
        var refusal = await Assert.ThrowsAsync<LocalHostException>(() => LocalApp.StartAsync(typeof(Overlapping)));
        Assert.Contains("'ItemById' (items/{id}) and 'ItemExport' (items/export) overlap", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Overlapping_templates_with_different_methods_are_welcome()
    {
        await using var app = await LocalApp.StartAsync(typeof(Apart));
        Assert.Equal("read export", await app.Http.GetStringAsync("/api/items/export"));
        using var posted = await app.Http.PostAsync("/api/items/export", content: null);
        Assert.Equal("write", await posted.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("items/{id}", "items/export", true)]
    [InlineData("items/{id}", "ITEMS/Export", true)]
    [InlineData("items/{id:int}", "items/export", false)]
    [InlineData("items/{id:int}", "items/42", true)]
    [InlineData("items/{id:guid}", "items/export", false)]
    [InlineData("items/{id:int}", "items/{name}", true)]
    [InlineData("items/{id:int}", "items/{name:alpha}", false)]
    [InlineData("items/{id:guid}", "items/{number:long}", false)]
    [InlineData("items/{id:guid}", "items/{name:alpha}", true)]
    [InlineData("items/{id}", "items/{id}/parts", false)]
    [InlineData("items/{id}/{part?}", "items/export", true)]
    [InlineData("items/{id?}", "items", true)]
    [InlineData("items/{id=1}", "items", true)]
    [InlineData("items/{*rest}", "items", true)]
    [InlineData("items/{*rest}", "items/a/b/c", true)]
    [InlineData("{*rest}", "anything", true)]
    [InlineData("items/{**rest}", "orders/a", false)]
    [InlineData("{kind}/export", "items/{id}", true)]
    [InlineData("{kind}/export", "items/import", false)]
    [InlineData("files/{name}.{ext}", "files/{id:int}", true)]
    [InlineData("items", "items/export", false)]
    [InlineData("items/{a:int?}", "items/{b}", true)]
    public void Two_templates_overlap_when_one_path_can_match_both(string left, string right, bool overlap)
    {
        using var services = new ServiceCollection().AddRouting().BuildServiceProvider();
        var resolver = new DefaultInlineConstraintResolver(services.GetRequiredService<IOptions<RouteOptions>>(), services);
        var (a, b) = (new RouteTemplate(left, resolver), new RouteTemplate(right, resolver));
        Assert.Equal((overlap, overlap), (RouteOverlap.Exists(a, b), RouteOverlap.Exists(b, a)));
    }

    [Fact]
    public async Task A_disabled_function_is_404()
    {
        foreach (var setting in new[] { "AzureWebJobs.Plain.Disabled", "AzureWebJobs:Plain:Disabled" })
        {
            await using var app = await LocalApp.StartAsync(new LocalAppOptions { Args = [$"--{setting}=true"] }, typeof(Plain));
            using var answer = await app.Http.GetAsync("/api/plain");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    public static class Plain
    {
        [Function("Plain")]
        public static Task Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => request.HttpContext.Response.WriteAsync("plain");
    }

    public static class Any
    {
        [Function("Any")]
        public static Task Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) =>
            request.HttpContext.Response.WriteAsync(request.Method);
    }

    public static class Overlapping
    {
        [Function("ItemExport")]
        public static void Export([HttpTrigger("get", Route = "items/export")] HttpRequest request) => _ = request;

        [Function("ItemById")]
        public static void ById([HttpTrigger("get", "delete", Route = "items/{id}")] HttpRequest request, string id) => _ = (request, id);
    }

    public static class Apart
    {
        [Function("Write")]
        public static Task Write([HttpTrigger("post", Route = "items/export")] HttpRequest request) => request.HttpContext.Response.WriteAsync("write");

        [Function("Read")]
        public static Task Read([HttpTrigger("get", Route = "items/{id}")] HttpRequest request, string id) =>
            request.HttpContext.Response.WriteAsync($"read {id}");
    }
}
