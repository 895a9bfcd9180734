using System.Text.Json;
using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

public sealed class ScopeTests
{
    [Fact]
    public async Task A_key_without_the_scope_that_is_needed_is_forbidden()
    {
        await using var app = await TestApp.StartAsync();
        var (reads, generates) = (Bearer(await app.KeyAsync("ann", "read")), Bearer(await app.KeyAsync("ann", "generate")));
        var body = new { prompt = "a fox" };

        var refused = await app.SendAsync(HttpMethod.Post, "ai-preview-image", body, change: reads);
        var made = await app.SendAsync(HttpMethod.Post, "ai-preview-image", body, change: generates);

        Assert.Equal((403, "forbidden"), (refused.Status, refused.Code));
        Assert.Contains("generate", refused.Text("detail"), StringComparison.Ordinal);
        Assert.Equal(200, made.Status);
        Assert.Equal((200, 403), ((await app.GetAsync("balance", reads)).Status, (await app.GetAsync("balance", generates)).Status));
        // A slow image is asked for by who has it made.
        Assert.Equal((200, 200), ((await app.GetAsync("images/" + made.Text("imageId"), reads)).Status, (await app.GetAsync("images/" + made.Text("imageId"), generates)).Status));
    }

    [Fact]
    public async Task A_key_that_names_no_scope_has_all_and_says_so()
    {
        await using var app = await TestApp.StartAsync();

        var plain = await app.PostAsync("manage/keys", new { userId = "ann" }, app.Admin);
        var read = await app.PostAsync("manage/keys", new { userId = "ann", scopes = new[] { "read", "read" } }, app.Admin);

        static string Scopes(JsonElement key) => string.Join(',', key.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.Equal(("generate,read", "read"), (Scopes(plain.Body), Scopes(read.Body)));
        var listed = (await app.GetAsync("manage/keys?userId=ann", app.Admin)).Body.GetProperty("keys").EnumerateArray();
        Assert.Equal(["generate,read", "read"], listed.Select(Scopes).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"userId":"ann","scopes":[]}""")]
    [InlineData("""{"userId":"ann","scopes":["write"]}""")]
    [InlineData("""{"userId":"ann","scopes":["Read"]}""")]
    [InlineData("""{"userId":"ann","scopes":["all"]}""")]
    [InlineData("""{"userId":"ann","scopes":["read,generate"]}""")]
    [InlineData("""{"userId":"ann","scopes":[null]}""")]
    [InlineData("""{"userId":"ann","scopes":[2]}""")]
    [InlineData("""{"userId":"ann","scopes":"read"}""")]
    [InlineData("""{"userId":"ann","role":"admin","scopes":["read"]}""")]
    public async Task A_scope_that_does_not_exist_issues_no_key(string body)
    {
        await using var app = await TestApp.StartAsync();

        var refused = await app.PostAsync("manage/keys", JsonDocument.Parse(body).RootElement, app.Admin);

        Assert.Equal((400, "invalid_request"), (refused.Status, refused.Code));
        Assert.Equal(0, (await app.GetAsync("manage/keys", app.Admin)).Body.GetProperty("keys").GetArrayLength());
    }

    [Fact]
    public async Task Keys_are_listed_page_by_page_each_once()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 0; i < 7; i++)
        {
            await app.KeyAsync(i % 2 == 0 ? "ann" : "bob");
        }

        Assert.Equal([3, 3, 1], (await PagesAsync(app, "")).Select(page => page.Count));
        Assert.Equal(7, (await PagesAsync(app, "")).SelectMany(page => page).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([3, 1], (await PagesAsync(app, "&userId=ann")).Select(page => page.Count));
        foreach (var query in new[] { "limit=0", "limit=501", "limit=x", "next=" + new string('a', 33) })
        {
            Assert.Equal(400, (await app.GetAsync("manage/keys?" + query, app.Admin)).Status);
        }
    }

    private static async Task<List<List<string>>> PagesAsync(TestApp app, string query)
    {
        var (pages, next) = (new List<List<string>>(), "");
        do
        {
            var page = await app.GetAsync($"manage/keys?limit=3{query}&next={next}", app.Admin);
            pages.Add([.. page.Body.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("prefix").GetString()!)]);
            next = page.Text("next");
        }
        while (next is not null);
        return pages;
    }
}
