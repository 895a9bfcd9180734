using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Notifications;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Flow;

public sealed class ForgottenNewsTests
{
    [Fact]
    public async Task Nothing_is_told_any_more_to_or_about_who_was_deleted_and_their_gifts_arrive_without_a_name()
    {
        await using var app = await TestApp.StartAsync();
        await app.GiveAsync("ann", 50, "purchase");
        await app.GiveAsync("bob", 1);
        await WaitAsync(app, "ann", isDead: false);
        await WaitAsync(app, "ann", isDead: true);
        await WaitAsync(app, "bob", isDead: true);
        Assert.Equal(200, (await app.PostAsync("credits/gift", new { userId = "ann", toUserId = "bob", amount = 5 })).Status);
        Assert.Equal(3, (await RowsAsync(app)).Count(row => Text(row).Contains("ann", StringComparison.Ordinal)));

        Assert.Equal(200, (await app.SendAsync(HttpMethod.Delete, "account?userId=ann")).Status);

        var rows = await RowsAsync(app);
        Assert.DoesNotContain(rows, row => Text(row).Contains("ann", StringComparison.Ordinal));
        Assert.Equal(["dead letter", "gift"], rows.Select(row => row.GetString("Kind")).Order());
        Assert.Contains("\"credits\":5", rows.Single(row => row.GetString("Kind") == "gift").GetString("Body"), StringComparison.Ordinal);
    }

    private static async Task WaitAsync(TestApp app, string user, bool isDead)
    {
        var (now, queue) = (app.Clock.GetUtcNow(), app.Get<OutboxQueue>());
        await app.Get<Outbox>().SendAsync(user, isDead ? "dead letter" : "letter", NotificationChannels.Operator, $"{user} {isDead}", "{}", now, default);
        if (isDead)
        {
            await queue.BuryAsync(await queue.DueAsync(now, default).FirstAsync(stored => stored.Item.Id == $"{user} {isDead}"), default);
        }
    }

    private static async Task<List<TableEntity>> RowsAsync(TestApp app)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Outbox);
        return await client.QueryAsync<TableEntity>().ToListAsync();
    }

    private static string Text(TableEntity row) => string.Join(' ', row.Keys.Select(key => row[key]));
}
