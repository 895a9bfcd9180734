using System.Text.Json.Nodes;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.OpenAI;

namespace ServerlessAi.Tests.Caching;

/// <summary>Popular answers are renewed before they expire, inside a budget. Answers last an hour here; time passes when a test says so.</summary>
public sealed class WarmCacheTests
{
    private const string On = "5";

    [Theory]
    [InlineData("complete")]
    [InlineData("v1/chat/completions")]
    [InlineData("search")]
    public async Task A_popular_answer_never_expires_while_it_is_asked_for(string route)
    {
        await using var world = await WarmWorld.StartAsync(On);
        await world.AskAsync(route);
        for (var hour = 0; hour < 4; hour++)
        {
            await world.AskAsync(route, times: 3);
            await world.PassAsync(TimeSpan.FromMinutes(55));
        }

        // Once for whoever came first, and once each hour by itself; nobody waited for it again.
        Assert.Equal(5, world.Asked(route));
        Assert.True(await world.IsHitAsync(route));
        await world.AssertBooksAsync(charges: 1);
    }

    [Fact]
    public async Task The_renewed_answer_is_the_new_one_and_is_on_the_house()
    {
        await using var world = await WarmWorld.StartAsync(On);
        await world.AskAsync("complete", times: 4);
        world.Vendor.Text = "Fresh from the stand-in.";

        await world.PassAsync(TimeSpan.FromMinutes(52));
        await world.PassAsync(TimeSpan.FromMinutes(10));
        var reply = await world.AskOnceAsync("complete");

        Assert.Equal(("Fresh from the stand-in.", true), (reply.Text("text"), reply.Flag("cached")));
        var house = (await world.App.Get<AccountStore>().ReadStoredAsync(SystemAccounts.WarmCache))!;
        Assert.Equal((0L, 1, 0), (house.BalanceMicro, house.Month.Calls, house.Holds.Length));
        // 8 of 12 input tokens at $2 and 4 cached at $0.50, 8 output at $8 a million.
        Assert.Equal((82_000L, 0L), (house.Month.CostNanoUsd, house.Month.ChargedMicro));
        await world.AssertBooksAsync(charges: 1);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public async Task Only_what_was_asked_for_often_enough_is_renewed(int hits, int asked)
    {
        await using var world = await WarmWorld.StartAsync(On);
        await world.AskAsync("complete", times: 1 + hits);
        await world.PassAsync(TimeSpan.FromMinutes(55));
        Assert.Equal(asked, world.Asked("complete"));
    }

    [Fact]
    public async Task Nothing_is_renewed_before_its_time_or_after_its_end()
    {
        await using var world = await WarmWorld.StartAsync(On);
        await world.AskAsync("complete", times: 4);
        await world.PassAsync(TimeSpan.FromMinutes(45));
        Assert.Equal(1, world.Asked("complete"));

        await world.PassAsync(TimeSpan.FromMinutes(16));

        Assert.Equal(1, world.Asked("complete"));
        Assert.Empty(await world.RowsAsync("warm"));
    }

    [Fact]
    public async Task What_nobody_asked_for_since_it_was_renewed_is_not_renewed_again()
    {
        await using var world = await WarmWorld.StartAsync(On);
        await world.AskAsync("complete", times: 4);
        for (var i = 0; i < 4; i++)
        {
            await world.PassAsync(TimeSpan.FromMinutes(55));
        }

        Assert.Equal(2, world.Asked("complete"));
        Assert.False(await world.IsHitAsync("complete"));
    }

    [Fact]
    public async Task The_budget_is_never_passed_and_is_there_again_in_the_next_month()
    {
        // A call may cost 10,000 nano-USD for its prompt and 8.192 million for the 1,024 tokens of its answer.
        await using var world = await WarmWorld.StartAsync("0.0083");
        for (var hour = 0; hour < 4; hour++)
        {
            await world.AskAsync("complete", times: 4);
            await world.PassAsync(TimeSpan.FromMinutes(55));
        }

        var house = (await world.App.Get<AccountStore>().ReadStoredAsync(SystemAccounts.WarmCache))!;
        Assert.InRange(house.Month.CostNanoUsd, 1, 8_300_000);
        var spent = house.Month.Calls;
        Assert.True(spent < 4, "the budget ended it");

        world.App.Clock.Advance(TimeSpan.FromDays(20));
        await world.AskAsync("complete", times: 4);
        await world.PassAsync(TimeSpan.FromMinutes(55));

        Assert.Equal(1, (await world.App.Get<AccountStore>().ReadStoredAsync(SystemAccounts.WarmCache))!.Month.Calls);
        await world.AssertBooksAsync();
    }

    [Fact]
    public async Task Without_a_budget_no_prompt_is_kept_and_nothing_renewed()
    {
        await using var world = await WarmWorld.StartAsync("0");
        await world.AskAsync("complete", times: 5);
        await world.AskAsync("search", times: 5);
        await world.PassAsync(TimeSpan.FromMinutes(55));

        Assert.Equal((1, 1), (world.Asked("complete"), world.Asked("search")));
        Assert.Empty(await world.RowsAsync("warm"));
        foreach (var row in await world.RowsAsync(partition: null))
        {
            Assert.DoesNotContain(row, column => column.Key.StartsWith("Request", StringComparison.Ordinal) || column.Value?.ToString()?.Contains(WarmWorld.Prompt, StringComparison.Ordinal) == true);
        }
    }

    [Fact]
    public async Task What_is_kept_says_nothing_of_who_asked_and_a_long_prompt_has_a_blob_of_its_own()
    {
        await using var world = await WarmWorld.StartAsync(On);
        await world.AskAsync("v1/chat/completions");
        var row = Assert.Single(await world.RowsAsync(partition: null));
        var kept = JsonNode.Parse(row.GetString("Request"))!.AsObject();
        Assert.Equal(["model", "messages", "max_tokens"], kept.Select(member => member.Key));

        var prompt = new string('x', 40_000);
        for (var i = 0; i < 4; i++)
        {
            await world.App.CompleteAsync("ann", prompt, "GPT_4_TURBO");
        }

        await world.PassAsync(TimeSpan.FromMinutes(55));

        Assert.Equal(2, world.Vendor.Requests.Count(request => request.Body.Contains(prompt, StringComparison.Ordinal)));
        Assert.Contains(await world.RowsAsync(partition: null), one => one.ContainsKey("RequestBlob") && !one.ContainsKey("Request"));
    }

    [Fact]
    public async Task Two_instances_renew_once()
    {
        await using var world = await WarmWorld.StartAsync(On);
        await using var second = await TestApp.StartAsync(sharing: world.App);
        await world.AskAsync("complete", times: 4);
        await world.PassAsync(TimeSpan.FromMinutes(52), run: false);

        var renewed = await Task.WhenAll(world.RunAsync(), second.Get<WarmCache>().RenewAsync(CancellationToken.None), world.RunAsync());

        Assert.Equal((1, 2), (renewed.Sum(), world.Asked("complete")));
        world.App.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.True((await second.CompleteAsync("bob", WarmWorld.Prompt, "GPT_4_TURBO")).Flag("cached"));
        await world.AssertBooksAsync(charges: 1);
    }

    [Fact]
    public async Task When_no_provider_answers_the_old_answer_stays_and_the_next_run_tries_again()
    {
        await using var world = await WarmWorld.StartAsync(On);
        await world.AskAsync("complete", times: 4);
        world.Vendor.Script(model: null, OpenAIStandIn.Error(500, "server_error", code: null, "Broken."));
        await world.PassAsync(TimeSpan.FromMinutes(51));
        Assert.True(await world.IsHitAsync("complete"));

        world.Vendor.Script(model: null, Behaviour.Success);
        await world.PassAsync(TimeSpan.FromMinutes(5));
        await world.PassAsync(TimeSpan.FromMinutes(5));

        Assert.True(await world.IsHitAsync("complete"));
        await world.AssertBooksAsync(charges: 1);
    }

    [Fact]
    public async Task Nothing_is_spent_ahead_when_the_platforms_budget_is_used_up()
    {
        await using var world = await WarmWorld.StartAsync(On, ("Budget:MonthlyUsd", "0.00001"));
        await world.AskAsync("complete", times: 4);
        await world.PassAsync(TimeSpan.FromMinutes(55));
        Assert.Equal(1, world.Asked("complete"));
    }

    [Theory]
    [InlineData("system:warm-cache")]
    [InlineData("System:anything")]
    public async Task Nobody_can_call_in_the_name_of_the_installation(string name)
    {
        await using var world = await WarmWorld.StartAsync(On);
        Assert.Equal(400, (await world.App.CompleteAsync(name, "hello")).Status);
        Assert.Equal(400, (await world.App.GetAsync("credits?userId=" + name)).Status);
        Assert.Equal(400, (await world.App.PostAsync("manage/keys", new { userId = name, name = "k" }, world.App.Admin)).Status);
        Assert.Equal(400, (await world.App.PostAsync($"manage/users/{name}/credits", new { amount = 1, kind = "purchase", reason = "r" }, world.App.Admin)).Status);
        Assert.Equal(200, (await world.App.GetAsync("manage/audit?account=system:warm-cache", world.App.Admin)).Status);
    }
}
