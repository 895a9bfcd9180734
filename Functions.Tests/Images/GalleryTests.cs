using System.Text.Json;
using ServerlessAi.Tests.Accounts;
using SimulatedStorage = ServerlessAi.Simulator.Storage.SimulatedStorage;

namespace ServerlessAi.Tests.Images;

/// <summary>What callers see of their images, and what they do not see of those of others.</summary>
public sealed class GalleryTests
{
    /// <summary>Ways to write the id of an image that is not one's own, or is none; <c>@</c> stands for the id.</summary>
    public static TheoryData<string> Guesses =>
        ["@", "@%20", "%20@", "@%2F", "@%2Fselect", "..%2F@", "@%7C", "UPPER", "image%7C@", "signup", "account", "%2A", "'%20or%20'1'%20eq%20'1", "-", "nonesuch"];

    [Fact]
    public async Task Images_are_listed_newest_first_page_by_page_without_their_prompts()
    {
        await using var app = await TestApp.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            app.Clock.Advance(TimeSpan.FromMinutes(1));
            ids.Add((await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = $"secret words {i}", aspect = "Portrait", style = "oil", size = "24x36" })).Text("imageId")!);
        }

        ids.Reverse();
        var (first, second, third) = await PagesAsync(app, "ann", "");

        Assert.Equal([ids[..2], ids[2..4], ids[4..]], [first, second, third]);
        var all = await app.GetAsync("images?userId=ann");
        var newest = Images(all)[0];
        Assert.Equal(("portrait", "oil", "24x36", false), (Text(newest, "aspect"), Text(newest, "style"), Text(newest, "size"), newest.GetProperty("selected").GetBoolean()));
        Assert.Equal(("openai-gpt-image-1", "sample", "image/png", 640), (Text(newest, "model"), Text(newest, "provider"), Text(newest, "contentType"), newest.GetProperty("width").GetInt32()));
        Assert.DoesNotContain("secret", all.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Null(all.Text("next"));
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=201")]
    [InlineData("limit=-1")]
    [InlineData("limit=x")]
    [InlineData("selected=yes")]
    [InlineData("next=x")]
    [InlineData("next=0638000000000000000.A%27")]
    public async Task A_page_that_cannot_be_is_refused(string query)
    {
        await using var app = await TestApp.StartAsync();
        Assert.Equal((400, "invalid_request"), await app.GetAsync($"images?userId=ann&{query}") is var reply ? (reply.Status, reply.Code) : default);
    }

    [Fact]
    public async Task A_selection_is_kept_across_instances_and_restarts_and_can_be_taken_back()
    {
        await using var app = await TestApp.StartAsync();
        await app.ImageAsync("ann", "a whale");
        var id = (await app.ImageAsync("ann", "a fox")).Text("imageId");
        var selected = await app.SendAsync(HttpMethod.Post, $"images/{id}/select?userId=ann");
        await app.StopAsync();

        await using var next = await TestApp.StartAsync(sharing: app);
        next.Clock.Advance(TimeSpan.FromHours(1));
        var again = await next.PostAsync($"images/{id}/select?userId=ann", new { selected = true });
        var list = Images(await next.GetAsync("images?userId=ann&selected=true"));

        Assert.Equal((200, true), (selected.Status, selected.Flag("selected")));
        Assert.Equal((200, selected.Text("selectedAt")), (again.Status, again.Text("selectedAt")));
        Assert.Equal(id, Text(Assert.Single(list), "imageId"));
        Assert.False((await next.PostAsync($"images/{id}/select?userId=ann", new { selected = false })).Flag("selected"));
        Assert.Empty(Images(await next.GetAsync("images?userId=ann&selected=true")));
        Assert.Null((await next.GetAsync($"images/{id}?userId=ann")).Text("selectedAt"));
    }

    [Fact]
    public async Task Selections_at_the_same_moment_do_not_lose_each_other_nor_prints()
    {
        await using var app = await TestApp.StartAsync();
        await using var other = await TestApp.StartAsync(sharing: app);
        var id = (await app.ImageAsync("ann", "a fox")).Text("imageId");

        var replies = await Task.WhenAll(
            app.PostAsync($"images/{id}/select?userId=ann", new { }),
            other.PostAsync($"images/{id}/select?userId=ann", new { }),
            app.PostAsync($"images/{id}/print?userId=ann", new { size = "a4" }),
            other.PostAsync($"images/{id}/print?userId=ann", new { size = "a3" }));

        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.True((await app.GetAsync($"images/{id}?userId=ann")).Flag("selected"));
        var row = await app.Get<ServerlessAi.Accounts.Gallery>().ListAsync("ann", 1, before: null, onlySelected: true, CancellationToken.None);
        Assert.Equal(2, Assert.Single(row.Images).Prints.Length);
    }

    [Fact]
    public async Task An_image_that_is_deleted_while_it_is_selected_is_gone()
    {
        var storage = new FaultyTransport(new SimulatedStorage(TimeProvider.System));
        await using var app = await TestApp.StartAsync(transport: storage, connectionString: SimulatedStorage.ConnectionString);
        var id = (await app.ImageAsync("ann", "a fox")).Text("imageId");
        var deletions = 0;
        storage.Meanwhile = async request =>
        {
            if (request.Uri.ToString().Contains("image%7C", StringComparison.Ordinal) && request.Method.Method is "PATCH" or "MERGE" && Interlocked.Increment(ref deletions) == 1)
            {
                Assert.Equal(204, (await app.SendAsync(HttpMethod.Delete, $"images/{id}?userId=ann")).Status);
            }
        };

        var reply = await app.PostAsync($"images/{id}/select?userId=ann", new { });

        Assert.Equal((404, "not_found", 1), (reply.Status, reply.Code, deletions));
    }

    [Fact]
    public async Task An_image_is_shown_as_it_was_answered_receipt_included()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:FreeImagesPerDay"] = "0" });
        var answered = await app.ImageAsync("ann", "a fox");

        var shown = await app.GetAsync($"images/{answered.Text("imageId")}?userId=ann");

        Assert.Equal((200, answered.Receipt.GetRawText()), (shown.Status, shown.Receipt.GetRawText()));
        Assert.All(["imageUrl", "tier", "provider", "model", "cached", "downgraded", "cost", "creditsCharged", "contentType", "width", "height"], name => Assert.Equal(answered.Text(name), shown.Text(name)));
    }

    [Theory]
    [MemberData(nameof(Guesses))]
    public async Task Images_of_others_do_not_exist_however_their_ids_are_written(string guess)
    {
        await using var app = await TestApp.StartAsync();
        var id = (await app.ImageAsync("ann", "a fox")).Text("imageId")!;
        var written = guess is "UPPER" ? id.ToUpperInvariant() : guess.Replace("@", id, StringComparison.Ordinal);

        Reply[] replies =
        [
            await app.GetAsync($"images/{written}?userId=bob"),
            await app.PostAsync($"images/{written}/select?userId=bob", new { }),
            await app.PostAsync($"images/{written}/print?userId=bob", new { size = "a4" }),
        ];

        Assert.All(replies, reply => Assert.Equal(404, reply.Status));
        Assert.Empty(Images(await app.GetAsync("images?userId=bob")));
        Assert.False((await app.GetAsync($"images/{id}?userId=ann")).Flag("selected"));
    }

    [Fact]
    public async Task A_key_opens_its_own_users_images_alone()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Tests:Environment"] = "Staging", ["Providers:Sample:Enabled"] = "true" });
        using var ann = await ClientAsync(app, "ann");
        using var bob = await ClientAsync(app, "bob");
        var id = (await app.PostAsync("ai-preview-image", new { prompt = "a fox" }, ann)).Text("imageId");

        Assert.Equal(200, (await app.GetAsync($"images/{id}", ann)).Status);
        Assert.Equal(404, (await app.GetAsync($"images/{id}", bob)).Status);
        Assert.Equal(403, (await app.GetAsync($"images/{id}?userId=ann", bob)).Status);
        Assert.Equal(403, (await app.PostAsync($"images/{id}/select", new { userId = "ann" }, bob)).Status);
        Assert.Equal(403, (await app.PostAsync($"images/{id}/print", new { userId = "ann", size = "a4" }, bob)).Status);
        Assert.Equal(401, (await app.GetAsync($"images/{id}")).Status);
        Assert.Equal(401, (await app.GetAsync("images?userId=ann")).Status);
    }

    [Fact]
    public async Task An_operation_that_made_no_image_is_no_image()
    {
        await using var app = await TestApp.StartAsync();
        var text = await app.CompleteAsync("ann", "a poem");

        Assert.Equal(404, (await app.GetAsync($"images/{text.Receipt.GetProperty("operationId").GetString()}?userId=ann")).Status);
    }

    [Fact]
    public async Task An_image_from_the_cache_joins_the_gallery_once_and_can_be_selected_at_once()
    {
        await using var app = await TestApp.StartAsync();
        var id = (await app.ImageAsync("ann", "a red fox")).Text("imageId");

        var hit = await app.ImageAsync("bob", "fox, red");
        var selected = await app.PostAsync($"images/{id}/select?userId=bob", new { });
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        await app.ImageAsync("bob", "a red fox");
        await app.ImageAsync("ann", "a red fox");

        Assert.Equal((id, true, 200), (hit.Text("imageId"), hit.Flag("cached"), selected.Status));
        var shown = Assert.Single(Images(await app.GetAsync("images?userId=bob")));
        Assert.Equal((id, true, true), (Text(shown, "imageId"), shown.GetProperty("selected").GetBoolean(), shown.GetProperty("cached").GetBoolean()));
        Assert.Equal((200, "none"), await app.GetAsync($"images/{id}?userId=bob") is var reply ? (reply.Status, reply.Receipt.GetProperty("settlement").GetString()) : default);
        var own = Assert.Single(Images(await app.GetAsync("images?userId=ann")));
        Assert.Equal((false, false), (own.GetProperty("selected").GetBoolean(), own.GetProperty("cached").GetBoolean()));
    }

    [Fact]
    public async Task An_answer_from_the_cache_is_given_although_storage_refuses_the_row()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.ImageAsync("ann", "a red fox");
        transport.Choose = request => FaultyTransport.IsTransaction(request) ? Fault.Denied : Fault.None;

        var hit = await app.ImageAsync("bob", "a red fox");

        transport.Choose = _ => Fault.None;
        Assert.Equal((200, true), (hit.Status, hit.Flag("cached")));
        Assert.Empty(Images(await app.GetAsync("images?userId=bob")));
        await app.ImageAsync("bob", "a red fox");
        Assert.Single(Images(await app.GetAsync("images?userId=bob")));
    }

    private static async Task<(List<string> First, List<string> Second, List<string> Third)> PagesAsync(TestApp app, string user, string more)
    {
        var pages = new List<List<string>>();
        string? next = null;
        do
        {
            var page = await app.GetAsync($"images?userId={user}&limit=2{more}{(next is null ? "" : "&next=" + next)}");
            pages.Add([.. Images(page).Select(image => Text(image, "imageId"))]);
            next = page.Text("next");
        }
        while (next is not null);

        return (pages[0], pages[1], Assert.Single(pages[2..]));
    }

    private static async Task<HttpClient> ClientAsync(TestApp app, string user)
    {
        var client = new HttpClient { BaseAddress = app.Http.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await app.PostAsync("manage/keys", new { userId = user }, app.Admin)).Text("key"));
        return client;
    }

    private static List<JsonElement> Images(Reply reply) => [.. reply.Body.GetProperty("images").EnumerateArray()];

    private static string Text(JsonElement image, string name) => image.GetProperty(name).GetString()!;
}
