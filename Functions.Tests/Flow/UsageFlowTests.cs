using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Flow;

public sealed class UsageFlowTests
{
    [Fact]
    public async Task Each_event_leaves_one_line_in_the_usage_log()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>
        {
            ["Credits:SignUp"] = "0",
            ["Plans:Items:free:FreeImagesPerDay"] = "2",
            ["Plans:Items:free:MonthlyCapUsd"] = "0.08",
        });
        await app.ImageAsync("ann", "first");
        await app.ImageAsync("ann", "first");
        await app.ImageAsync("ann", "second at the cap");
        await app.ImageAsync("ann", "third without credits");

        await FlushAsync(app);

        var usage = await app.Get<AccountHistory>().ReadUsageAsync("ann", AccountHistory.PageLimit, CancellationToken.None);
        Assert.Equal(
            [UsageEvents.CacheHit, UsageEvents.Downgraded, UsageEvents.Success, UsageEvents.Success, UsageEvents.Refused],
            usage.Select(line => line.Event).Order(StringComparer.Ordinal));
        Assert.Equal("insufficient_credits", usage.Single(line => line.Event == UsageEvents.Refused).Reason);
        Assert.Equal("monthly_cap", usage.Single(line => line.Event == UsageEvents.Downgraded).Reason);
    }

    [Fact]
    public async Task Day_and_month_rows_equal_the_sum_of_the_usage_log()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await app.ImageAsync("ann", $"picture {i}");
            await app.CompleteAsync("ann", $"text {i}");
        }

        var usage = (await app.Get<AccountHistory>().ReadUsageAsync("ann", AccountHistory.PageLimit, CancellationToken.None)).Where(line => line.Event == UsageEvents.Success).ToList();
        var day = await RowAsync(app, AccountRows.DayKey(Periods.DayOf(app.Clock.GetUtcNow())));
        var month = await RowAsync(app, AccountRows.MonthKey(Periods.MonthOf(app.Clock.GetUtcNow())));

        foreach (var row in new[] { day, month })
        {
            Assert.Equal((10, usage.Sum(line => line.ChargedMicro), usage.Sum(line => line.CostNanoUsd)), (row.GetInt32("Calls"), row.GetInt64("ChargedMicro"), row.GetInt64("CostNanoUsd")));
        }
    }

    [Fact]
    public async Task Hits_are_counted_on_the_cached_row()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 0; i < 4; i++)
        {
            await app.CompleteAsync("ann", "the same");
        }

        await FlushAsync(app);

        var cache = await app.Get<Tables>().GetAsync(TableNames.Cache);
        var row = Assert.Single(await cache.QueryAsync<TableEntity>().ToListAsync());
        Assert.Equal(3, row.GetInt64("Hits"));
    }

    [Fact]
    public async Task The_platforms_spend_is_the_sum_of_all_instances()
    {
        await using var one = await TestApp.StartAsync();
        await using var two = await TestApp.StartAsync(sharing: one);
        await one.ImageAsync("ann", "first");
        await two.ImageAsync("bob", "second");
        await FlushAsync(one);
        await FlushAsync(two);

        one.Clock.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(160_000_000, await one.Get<PlatformSpend>().ReadMonthAsync(CancellationToken.None));
        Assert.Equal(160_000_000, await two.Get<PlatformSpend>().ReadMonthAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Another_instance_sees_a_changed_price_within_five_minutes()
    {
        await using var one = await TestApp.StartAsync();
        await using var two = await TestApp.StartAsync(sharing: one);
        await two.CompleteAsync("ann", "warm up");
        await one.SendAsync(HttpMethod.Put, "manage/model-prices/anthropic-claude-haiku-4-5", new { credits_per_10k_tokens = 3 }, one.Admin);

        var before = await two.CompleteAsync("ann", "before");
        two.Clock.Advance(TimeSpan.FromMinutes(5));
        var after = await two.CompleteAsync("ann", "after");

        Assert.Equal((1, 2), (before.Receipt.GetProperty("priceVersion").GetInt32(), after.Receipt.GetProperty("priceVersion").GetInt32()));
    }

    [Fact]
    public async Task Every_version_of_a_price_stays_on_record()
    {
        await using var app = await TestApp.StartAsync();
        for (var price = 1; price <= 15; price++)
        {
            app.Clock.Advance(TimeSpan.FromSeconds(1));
            await app.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { input_price = price }, app.Admin);
        }

        var catalog = await app.Get<Tables>().GetAsync(TableNames.Catalog);
        var versions = await catalog.QueryAsync<TableEntity>("PartitionKey eq 'price|openai-gpt-4.1'").Select(row => row.GetInt32("Version")).ToListAsync();
        Assert.Equal(Enumerable.Range(1, 16), versions.Order().Select(version => version!.Value));
    }

    private static async Task FlushAsync(TestApp app)
    {
        foreach (var collector in (IEnumerable<IFlushed>)app.Services.GetService(typeof(IEnumerable<IFlushed>))!)
        {
            await collector.FlushAsync(CancellationToken.None);
        }
    }

    private static async Task<TableEntity> RowAsync(TestApp app, string key)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        return (await client.GetEntityAsync<TableEntity>("ann", key)).Value;
    }
}
