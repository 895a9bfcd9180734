using System.Reflection;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Tests.Flow;

/// <summary>Keys and the rules of functions; who may call which is in <see cref="Access.MatrixTests"/>.</summary>
public sealed class AccessTests
{
    private static readonly MethodInfo[] Functions =
        [.. typeof(AccessRules).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null)];

    [Fact]
    public void Every_HTTP_function_says_who_may_call_it_and_only_health_and_price_lists_are_public()
    {
        var http = Functions.Where(method => Trigger(method) is not null).ToList();

        Assert.All(http, method => Assert.NotNull(method.GetCustomAttribute<AllowAttribute>()));
        Assert.Equal(["health", "subscription-plans", "subscription-pricing"], http.Where(method => method.GetCustomAttribute<AllowAttribute>()!.IsPublic).Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name).Order(StringComparer.Ordinal));
        Assert.All(
            http.Where(method => Trigger(method)!.Route!.StartsWith("manage/", StringComparison.Ordinal)),
            method => Assert.Equal(Role.Admin, method.GetCustomAttribute<AllowAttribute>()!.Role));
    }

    [Fact]
    public void Every_function_obeys_the_hosts_rules_of_names_and_routes()
    {
        Assert.Equal(Functions.Length, Functions.Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name.ToLowerInvariant()).Distinct(StringComparer.Ordinal).Count());
        Assert.All(Functions, method => Assert.Matches("^[a-z][a-z0-9_\\-]{0,127}$", method.GetCustomAttribute<FunctionAttribute>()!.Name));
        foreach (var route in Functions.Select(Trigger).OfType<HttpTriggerAttribute>().Select(trigger => trigger.Route!))
        {
            Assert.DoesNotMatch("^(admin|runtime)", route);
            TemplateParser.Parse(route);
        }
    }

    [Fact]
    public async Task A_users_key_is_that_user_and_nobody_else()
    {
        await using var app = await TestApp.StartAsync();
        using var ann = await KeyOfAsync(app, "ann");

        Assert.Equal("ann", (await app.GetAsync("balance", ann)).Text("userId"));
        foreach (var other in new[] { "bob", "ANN", "ann%2F..%2Fbob", "ann%00", "ann%20" })
        {
            var reply = await app.GetAsync($"balance?userId={other}", ann);
            Assert.True(reply.Status is 403 or 400, $"{other} answered {reply.Status}.");
        }

        Assert.Equal(403, (await app.PostAsync("complete", new { userId = "bob", prompt = "x" }, ann)).Status);
    }

    [Fact]
    public async Task A_revoked_key_stops_working_and_a_wrong_secret_never_did()
    {
        await using var app = await TestApp.StartAsync();
        var issued = await app.PostAsync("manage/keys", new { userId = "ann", name = "laptop" }, app.Admin);
        using var ann = Client(app, issued.Text("key")!);
        using var forged = Client(app, issued.Text("key")![..^1] + "~");
        Assert.Equal((201, 200, 401), (issued.Status, (await app.GetAsync("balance", ann)).Status, (await app.GetAsync("balance", forged)).Status));

        var revoked = await app.SendAsync(HttpMethod.Delete, "manage/keys/" + issued.Text("prefix"), client: app.Admin);

        Assert.Equal((200, 401), (revoked.Status, (await app.GetAsync("balance", ann)).Status));
        var listed = (await app.GetAsync("manage/keys?userId=ann", app.Admin)).Body.GetProperty("keys")[0];
        Assert.False(listed.TryGetProperty("key", out _));
        Assert.True(listed.TryGetProperty("revokedAt", out _));
    }

    [Theory]
    [InlineData("user, admin")]
    [InlineData("user,user")]
    [InlineData("guest")]
    [InlineData("1")]
    public async Task A_role_that_does_not_exist_issues_no_key(string role)
    {
        await using var app = await TestApp.StartAsync();

        var refused = await app.PostAsync("manage/keys", new { userId = "ann", role }, app.Admin);
        var listed = await app.GetAsync("manage/keys", app.Admin);

        Assert.Equal((400, "invalid_request", 200, 0), (refused.Status, refused.Code, listed.Status, listed.Body.GetProperty("keys").GetArrayLength()));
    }

    [Fact]
    public async Task A_key_that_many_revoke_at_once_is_revoked_for_each_of_them()
    {
        await using var app = await TestApp.StartAsync();
        var issued = await app.PostAsync("manage/keys", new { userId = "ann" }, app.Admin);

        var revoked = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => app.SendAsync(HttpMethod.Delete, "manage/keys/" + issued.Text("prefix"), client: app.Admin)));

        Assert.All(revoked, reply => Assert.Equal((200, true), (reply.Status, reply.Body.TryGetProperty("revokedAt", out _))));
    }

    [Fact]
    public async Task A_key_revoked_on_one_instance_works_on_another_for_less_than_a_minute()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: app);
        var issued = await app.PostAsync("manage/keys", new { userId = "ann" }, app.Admin);
        using var ann = Client(other, issued.Text("key")!);
        Assert.Equal(200, (await other.GetAsync("balance", ann)).Status);
        await app.SendAsync(HttpMethod.Delete, "manage/keys/" + issued.Text("prefix"), client: app.Admin);

        app.Clock.Advance(TimeSpan.FromSeconds(59));

        Assert.Equal(401, (await other.GetAsync("balance", ann)).Status);
    }

    [Fact]
    public async Task An_admin_acts_for_the_user_that_is_named()
    {
        await using var app = await TestApp.StartAsync();
        await app.GiveAsync("ann", 7);

        Assert.Equal(17, (await app.GetAsync("credits?userId=ann", app.Admin)).Number("credits"));
    }

    private static async Task<HttpClient> KeyOfAsync(TestApp app, string user) =>
        Client(app, (await app.PostAsync("manage/keys", new { userId = user }, app.Admin)).Text("key")!);

    private static HttpClient Client(TestApp app, string key)
    {
        var client = new HttpClient { BaseAddress = app.Http.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }

    private static HttpTriggerAttribute? Trigger(MethodInfo method) =>
        method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(trigger => trigger is not null);
}
