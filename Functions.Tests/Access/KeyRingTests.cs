using Azure.Storage.Blobs;
using ServerlessAi.Access.Sealing;
using ServerlessAi.Simulator.Storage;
using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

/// <summary>Tokens of one instance are good at another, whatever the storage between them does.</summary>
public sealed class KeyRingTests
{
    [Fact]
    public async Task A_token_minted_by_one_instance_is_accepted_by_another()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        await using var two = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;

        Assert.Equal("ann", (await two.GetAsync("balance", Bearer(await one.TokenAsync("ann")))).Text("userId"));
        Assert.Equal("bob", (await one.GetAsync("balance", Bearer(await two.TokenAsync("bob")))).Text("userId"));
    }

    [Fact]
    public async Task Instances_that_all_start_at_once_share_one_key()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var first = app;
        var others = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TestApp.StartSimulatedAsync(sharing: app, storage: storage)));
        TestApp[] all = [app, .. others.Select(other => other.App)];
        using var looked = new CountdownEvent(all.Length);
        storage.Faults = Faults;
        Array.ForEach(others, other => Assert.Same(storage, other.Storage));

        // Nobody writes before all have looked and found nothing.
        Fault Faults(SimulatedRequest request)
        {
            if (request.Table.StartsWith("access-keys", StringComparison.Ordinal))
            {
                _ = request.Method == "GET" ? !looked.IsSet && looked.Signal() : looked.Wait(TimeSpan.FromSeconds(30));
            }

            return Fault.None;
        }

        var tokens = await Task.WhenAll(all.Select((instance, i) => instance.TokenAsync($"user-{i}")));

        Assert.Single(await RingAsync(app, storage), element => element.Name == "key");
        foreach (var instance in all)
        {
            Assert.All(await Task.WhenAll(tokens.Select(token => instance.GetAsync("balance", Bearer(token)))), reply => Assert.Equal(200, reply.Status));
        }

        await Task.WhenAll(others.Select(other => other.App.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task Without_storage_before_keys_were_read_nobody_can_tell_and_nothing_is_lost()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        await using var two = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;
        var token = await one.TokenAsync("ann");

        storage.Faults = request => request.Table.StartsWith("access-keys", StringComparison.Ordinal) ? Fault.Busy503 : Fault.None;
        var (known, unknown) = (await one.GetAsync("balance", Bearer(token)), await two.GetAsync("balance", Bearer(token)));
        storage.Faults = _ => Fault.None;

        Assert.Equal((200, 503, "storage_unavailable"), (known.Status, unknown.Status, unknown.Code));
        Assert.True(unknown.Headers.ContainsKey("Retry-After"));
        Assert.Equal(200, (await two.GetAsync("balance", Bearer(token))).Status);
    }

    [Fact]
    public async Task A_ring_whose_first_writing_lost_its_reply_is_the_ring()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        var lost = 0;
        storage.Faults = request => request.Method == "PUT" && request.Table.StartsWith("access-keys", StringComparison.Ordinal) && Interlocked.Increment(ref lost) <= 2 ? Fault.ReplyLost : Fault.None;

        var token = await one.TokenAsync("ann");

        Assert.Equal(200, (await one.GetAsync("balance", Bearer(token))).Status);
        Assert.Single(await RingAsync(app, storage), element => element.Name == "key");
    }

    [Fact]
    public async Task While_storage_is_away_the_known_ring_stays_in_use()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        var token = await one.TokenAsync("ann", 86_400);
        storage.Faults = request => request.Table.StartsWith("access-keys", StringComparison.Ordinal) ? Fault.Error500 : Fault.None;

        app.Clock.Advance(TimeSpan.FromHours(3));

        Assert.Equal(200, (await one.GetAsync("balance", Bearer(token))).Status);
        Assert.Equal(200, (await one.GetAsync("balance", Bearer(await one.TokenAsync("bob")))).Status);
    }

    [Fact]
    public async Task Keys_follow_each_other_by_the_apps_clock_and_none_comes_unannounced()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        await using var two = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;

        for (var day = 0; day < 400; day += 1)
        {
            app.Clock.Advance(TimeSpan.FromDays(1));
            var (asks, answers) = day % 2 == 0 ? (one, two) : (two, one);
            var (old, young) = (await asks.TokenAsync("ann", 86_400), await asks.TokenAsync("ann", 60));
            Assert.Equal(200, (await answers.GetAsync("balance", Bearer(young))).Status);
            Assert.Equal(200, (await asks.GetAsync("balance", Bearer(old))).Status);
        }

        // 400 days of 90 each; what ended a month ago and more is gone.
        Assert.InRange((await RingAsync(app, storage)).Count(), 2, 3);
    }

    [Fact]
    public async Task A_ring_that_nobody_looked_at_until_its_last_day_gets_one_successor_that_follows_at_once()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        await app.TokenAsync("ann");
        app.Clock.Advance(SealKeySet.Lifetime - TimeSpan.FromDays(1));

        for (var hour = 0; hour < 30; hour++)
        {
            var token = await app.TokenAsync("ann");
            Assert.Equal(200, (await app.GetAsync("balance", Bearer(token))).Status);
            app.Clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(2, (await RingAsync(app, storage)).Count());
    }

    [Fact]
    public async Task A_ring_that_is_taken_away_ends_every_token_and_a_new_one_begins()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        await using var two = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;
        var (leaked, own) = (await one.TokenAsync("ann", 86_400), await two.TokenAsync("ann", 86_400));
        await Blob(app, storage).DeleteAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(61));

        var fresh = await one.TokenAsync("ann");

        Assert.Equal(401, (await one.GetAsync("balance", Bearer(leaked))).Status);
        Assert.Equal(200, (await two.GetAsync("balance", Bearer(fresh))).Status);
        Assert.Equal(401, (await two.GetAsync("balance", Bearer(own))).Status);
    }

    [Fact]
    public async Task A_ring_that_is_damaged_is_left_as_it_is()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var one = app;
        await app.TokenAsync("ann");
        await Blob(app, storage).UploadAsync(BinaryData.FromString("<keyRing"), overwrite: true);
        await using var two = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;

        Assert.Equal(500, (await two.PostAsync("manage/tokens", new { userId = "ann" }, two.Admin)).Status);

        app.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(201, (await one.PostAsync("manage/tokens", new { userId = "ann" }, one.Admin)).Status);
        Assert.Equal("<keyRing", (await Blob(app, storage).DownloadContentAsync()).Value.Content.ToString());
    }

    [Fact]
    public void What_is_sealed_does_not_show_the_wall_clock()
    {
        var (then, later) = (new DateTimeOffset(1999, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2199, 1, 1, 0, 0, 0, TimeSpan.Zero));

        Assert.All(new[] { then, later }, now =>
        {
            var ring = SealKeySet.Read(SealKeySet.Empty("pepper", now).WithNewKey(now).Write(), now);
            var sealedBytes = ring.Sealing!.CreateProtector("p").Protect([1, 2, 3]);
            Assert.Equal([1, 2, 3], ring.Opening.CreateProtector("p").Unprotect(sealedBytes));
            Assert.False(ring.NeedsKey(now + SealKeySet.Lifetime - 3 * SealKeySet.Announced));
            Assert.True(ring.NeedsKey(now + SealKeySet.Lifetime - SealKeySet.Announced));
        });
    }

    private static BlobClient Blob(TestApp app, SimulatedStorage storage) =>
        new BlobServiceClient(SimulatedStorage.ConnectionString, new BlobClientOptions { Transport = storage })
            .GetBlobContainerClient(app.Settings["Storage:KeysContainer"]).GetBlobClient("key-ring.xml");

    private static async Task<IEnumerable<System.Xml.Linq.XElement>> RingAsync(TestApp app, SimulatedStorage storage) =>
        System.Xml.Linq.XElement.Parse((await Blob(app, storage).DownloadContentAsync()).Value.Content.ToString()).Elements();
}
