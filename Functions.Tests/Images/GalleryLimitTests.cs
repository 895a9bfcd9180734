using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Images;

/// <summary>A plan keeps so many images and no more, however many instances make them, and the count is that of the rows.</summary>
public sealed class GalleryLimitTests
{
    [Fact]
    public async Task At_the_limit_an_image_is_refused_before_it_is_made_and_deleting_one_makes_room()
    {
        var (app, _) = await StartAsync(limit: 2);
        await using var running = app;
        var first = (await app.ImageAsync("ann", "a fox")).Text("imageId");
        await app.ImageAsync("ann", "a whale");

        var refused = await app.SendAsync(HttpMethod.Post, "ai-preview-image", new { userId = "ann", prompt = "an owl" }, change: request => request.Headers.Add("x-request-id", "contract-1"));

        Contracts.Payload.AssertIs("429-usage-limit-exceeded-images", refused);
        Assert.Equal(2, (await app.GetAsync("subscription/dashboard/ann")).Body.GetProperty("data").GetProperty("current_usage").GetProperty("total_calls").GetInt32());
        Assert.Equal(404, (await DeleteAsync(app, first!, "bob")).Status);
        Assert.Equal(204, (await DeleteAsync(app, first!)).Status);
        Assert.Equal(404, (await DeleteAsync(app, first!)).Status);
        Assert.Equal(404, (await app.GetAsync($"images/{first}?userId=ann")).Status);
        Assert.Equal(200, (await app.ImageAsync("ann", "an owl")).Status);
        Assert.Equal(2, await KeptAsync(app));
    }

    [Fact]
    public async Task An_image_from_the_cache_counts_when_it_joins_and_is_given_all_the_same_where_it_cannot()
    {
        var (app, _) = await StartAsync(limit: 2);
        await using var running = app;
        await app.ImageAsync("bob", "a fox");
        await app.ImageAsync("bob", "a whale");
        await app.ImageAsync("ann", "a fox");
        await app.ImageAsync("ann", "a fox");
        Assert.Equal(1, await KeptAsync(app));
        await app.ImageAsync("ann", "an owl");

        var cached = await app.ImageAsync("ann", "a whale");

        Assert.Equal((200, true), (cached.Status, cached.Flag("cached")));
        Assert.Equal(404, (await app.GetAsync($"images/{cached.Text("imageId")}?userId=ann")).Status);
        Assert.Equal(2, await KeptAsync(app));
    }

    [Fact]
    public async Task A_deleted_image_that_is_asked_for_again_is_there_again()
    {
        var (app, _) = await StartAsync(limit: 2);
        await using var running = app;
        var id = (await app.ImageAsync("ann", "a fox")).Text("imageId")!;
        await DeleteAsync(app, id);
        Assert.Equal(0, await KeptAsync(app));

        Assert.True((await app.ImageAsync("ann", "a fox")).Flag("cached"));

        Assert.Equal(200, (await app.GetAsync($"images/{id}?userId=ann")).Status);
        Assert.Equal(1, await KeptAsync(app));
        Assert.Equal(204, (await DeleteAsync(app, id)).Status);
        Assert.Equal(0, await KeptAsync(app));
    }

    [Fact]
    public async Task Two_instances_together_never_pass_the_limit()
    {
        var (one, storage) = await StartAsync(limit: 5);
        await using var first = one;
        var (two, _) = await TestApp.StartSimulatedAsync(sharing: one, storage: storage);
        await using var second = two;

        var replies = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? one : two).ImageAsync("ann", $"fox number {i}")));

        Assert.Equal(5, replies.Count(reply => reply.Status == 200));
        Assert.All(replies.Where(reply => reply.Status != 200), reply => Assert.True(reply.Code is "usage_limit_exceeded" or "account_busy", reply.Code));
        Assert.Equal(5, await KeptAsync(two));
    }

    [Fact]
    public async Task The_count_stays_that_of_the_rows_however_joining_and_deleting_meet_and_replies_get_lost()
    {
        var (one, storage) = await StartAsync(limit: 50);
        await using var first = one;
        var (two, _) = await TestApp.StartSimulatedAsync(sharing: one, storage: storage);
        await using var second = two;
        var transactions = 0;
        for (var round = 0; round < 8; round++)
        {
            var prompt = $"fox number {round}";
            var id = (await one.ImageAsync("ann", prompt)).Text("imageId")!;
            storage.Faults = request => request.IsTransaction && Interlocked.Increment(ref transactions) % 5 == 0 ? Fault.ReplyLost : Fault.None;
            await Task.WhenAll(DeleteAsync(one, id), DeleteAsync(two, id), two.ImageAsync("ann", prompt), one.ImageAsync("ann", prompt), DeleteAsync(two, id));
            storage.Faults = _ => Fault.None;
        }

        await KeptAsync(one);
    }

    [Fact]
    public async Task The_audit_finds_a_count_that_is_not_that_of_the_rows()
    {
        var (app, _) = await StartAsync(limit: 5);
        await using var running = app;
        var id = (await app.ImageAsync("ann", "a fox")).Text("imageId")!;
        var image = Assert.Single((await app.Get<Gallery>().ListAsync("ann", 1, before: null, onlySelected: false, CancellationToken.None)).Images).Image;
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        await client.DeleteEntityAsync("ann", GalleryRows.Key(image.CreatedAt, id));

        Assert.Contains("The state counts 1 images, the gallery has 0.", (await app.GetAsync("manage/audit", app.Admin)).Body.GetProperty("discrepancies").GetRawText(), StringComparison.Ordinal);
    }

    private static Task<(TestApp App, SimulatedStorage Storage)> StartAsync(int limit) => TestApp.StartSimulatedAsync(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["Plans:Items:free:Images"] = $"{limit}",
        ["Plans:Items:free:FreeImagesPerDay"] = "100",
        ["Plans:Items:free:ConcurrentJobs"] = "20",
        ["Plans:Items:free:RequestsPerMinute"] = "0",
        ["Credits:ConflictAttempts"] = "100",
    });

    private static Task<Reply> DeleteAsync(TestApp app, string id, string user = "ann") => app.SendAsync(HttpMethod.Delete, $"images/{id}?userId={user}");

    /// <summary>How many images ann has by the count, by the list, and as the audit finds them: the same.</summary>
    private static async Task<int> KeptAsync(TestApp app)
    {
        var counted = (await app.GetAsync("subscription/dashboard/ann")).Body.GetProperty("data").GetProperty("summary").GetProperty("images_kept").GetInt32();
        Assert.Equal(counted, (await app.GetAsync("images?userId=ann&limit=200")).Body.GetProperty("images").GetArrayLength());
        Assert.Equal("[]", (await app.GetAsync("manage/audit", app.Admin)).Body.GetProperty("discrepancies").GetRawText());
        return counted;
    }
}
