using Azure.Data.Tables;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

/// <summary>How many guests a network may bring in a day, however they come.</summary>
public sealed class GuestLimitTests
{
    private static readonly Dictionary<string, string?> Welcome = new() { ["Access:GuestsPerNetworkPerDay"] = "3" };

    [Fact]
    public async Task A_network_that_has_had_its_guests_waits_for_midnight()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        using var visitor = app.WithoutCookies();
        var replies = new List<Reply>();
        for (var i = 0; i < 5; i++)
        {
            replies.Add(await app.GetAsync("balance", From($"203.0.113.{i}"), visitor));
        }

        Assert.Equal([200, 200, 200, 429, 429], replies.Select(reply => reply.Status));
        Assert.Equal(("rate_limited", "43200", null), (replies[4].Code, replies[4].Headers["Retry-After"], replies[4].GuestCookie()));
        Assert.Equal(200, (await app.GetAsync("balance", All(From("203.0.113.9"), Header("Cookie", replies[0].GuestCookie()!)), visitor)).Status);
        Assert.Equal(200, (await app.GetAsync("balance", From("203.0.114.1"), visitor)).Status);
        app.Clock.Advance(TimeSpan.FromHours(12));
        Assert.Equal(200, (await app.GetAsync("balance", From("203.0.113.1"), visitor)).Status);
    }

    [Theory]
    [InlineData("203.0.113.1", "203.0.113.254", true)]
    [InlineData("203.0.113.1:50123", "203.0.113.1:50124", true)]
    [InlineData("203.0.113.1", "::ffff:203.0.113.9", true)]
    [InlineData("203.0.113.1", "203.0.112.1", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("[2001:db8:1:2::1]:443", "2001:db8:1:2::2", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public async Task Addresses_of_one_network_are_counted_together(string one, string other, bool together)
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Access:GuestsPerNetworkPerDay"] = "1" });
        using var visitor = app.WithoutCookies();
        await app.GetAsync("balance", From(one), visitor);

        Assert.Equal(together ? 429 : 200, (await app.GetAsync("balance", From(other), visitor)).Status);
    }

    [Fact]
    public async Task What_the_sender_writes_into_the_header_moves_nobody_into_another_network()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        using var visitor = app.WithoutCookies();
        var tales = new[]
        {
            "198.51.100.1, 203.0.113.1", "198.51.100.2,203.0.113.2:4711", "127.0.0.1, 203.0.113.3", "nonsense, 203.0.113.4", "198.51.100.1, 127.0.0.1, 203.0.113.5", ", 203.0.113.6",
        };

        var replies = new List<int>();
        foreach (var tale in tales)
        {
            var more = All(From(tale), Header("X-Original-For", $"198.51.100.{replies.Count}"), Header("X-Client-IP", $"198.51.100.{replies.Count}"), Header("Forwarded", $"for=198.51.100.{replies.Count}"));
            replies.Add((await app.GetAsync("balance", more, visitor)).Status);
        }

        Assert.Equal([200, 200, 200, 429, 429, 429], replies);
    }

    [Fact]
    public async Task Visitors_who_all_come_at_once_to_several_instances_are_each_counted()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(new Dictionary<string, string?> { ["Access:GuestsPerNetworkPerDay"] = "5" });
        await using var one = app;
        await using var two = (await TestApp.StartSimulatedAsync(sharing: app, storage: storage)).App;
        using var visitor = one.WithoutCookies();
        using var other = two.WithoutCookies();

        var replies = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => i % 2 == 0 ? one.GetAsync("balance", visitor) : two.GetAsync("balance", other)));

        Assert.Equal(5, replies.Count(reply => reply.Status == 200));
        Assert.All(replies.Where(reply => reply.Status != 200), reply => Assert.Equal((429, "rate_limited"), (reply.Status, reply.Code)));
    }

    [Fact]
    public async Task A_count_whose_reply_is_lost_lets_nobody_in_unseen()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Welcome);
        await using var one = app;
        using var visitor = one.WithoutCookies();
        await one.TokenAsync("ann");
        storage.Faults = request => request.Method is "POST" or "PUT" or "MERGE" or "PATCH" && request.Table.EndsWith("guests", StringComparison.Ordinal) && request.Sequence % 2 == 0 ? Fault.ReplyLost : Fault.None;

        var replies = new List<Reply>();
        for (var i = 0; i < 8; i++)
        {
            replies.Add(await one.GetAsync("balance", visitor));
        }

        Assert.InRange(replies.Count(reply => reply.Status == 200), 1, 3);
        Assert.Equal(429, replies[^1].Status);
    }

    [Fact]
    public async Task Counts_of_days_that_are_over_are_deleted_at_midnight()
    {
        await using var app = await TestApp.StartAsync(Welcome);
        using var visitor = app.WithoutCookies();
        for (var day = 0; day < 4; day++)
        {
            Assert.Equal(200, (await app.GetAsync("balance", visitor)).Status);
            app.Clock.Advance(TimeSpan.FromDays(1));
        }

        await app.Get<ServerlessAi.Access.Visitors.GuestCounts>().TidyAsync(CancellationToken.None);

        var table = await app.Get<Tables>().GetAsync(TableNames.Guests);
        Assert.Equal(["20400519"], await table.QueryAsync<TableEntity>().Select(row => row.PartitionKey).ToListAsync());
    }
}
