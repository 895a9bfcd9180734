using System.Net.Http.Json;
using System.Text.Json;

namespace ServerlessAi.Tests.Flow;

public sealed class AdminFlowTests
{
    [Fact]
    public async Task A_changed_price_charges_the_next_request_and_the_list_shows_its_version()
    {
        await using var app = await TestApp.StartAsync();
        var before = await app.CompleteAsync("ann", "one");

        var changed = await app.SendAsync(HttpMethod.Put, "manage/model-prices/anthropic-claude-haiku-4-5", new { credits_per_10k_tokens = 2 }, app.Admin);
        var after = await app.CompleteAsync("ann", "two");

        Assert.Equal((200, 2m), (changed.Status, changed.Number("price_version")));
        Assert.Equal(before.Number("creditsUsed") / before.Number("tokens") * 2, after.Number("creditsUsed") / after.Number("tokens"));
        Assert.Equal(2, after.Receipt.GetProperty("priceVersion").GetInt32());
    }

    [Fact]
    public async Task A_model_is_added_with_the_fields_of_the_contract_updated_by_id_and_removed()
    {
        await using var app = await TestApp.StartAsync();
        object body = new { provider = "openai", model_name = "gpt-new", input_price = 0.15, output_price = 0.6, profit_multiplier = 1.25, active = true, fallback_priority = 3 };

        var added = await app.PostAsync("manage/model-prices", body, app.Admin);
        var twice = await app.PostAsync("manage/model-prices", body, app.Admin);
        var updated = await app.SendAsync(HttpMethod.Put, "manage/model-prices/openai-gpt-new", body, app.Admin);
        var removed = await app.SendAsync(HttpMethod.Delete, "manage/model-prices/openai-gpt-new", client: app.Admin);
        var gone = await app.GetAsync("manage/model-prices/openai-gpt-new", app.Admin);

        Assert.Equal((201, 409, 200, 200, 404), (added.Status, twice.Status, updated.Status, removed.Status, gone.Status));
        Assert.Equal(("openai-gpt-new", 0.15m, 3m), (added.Text("id"), added.Number("input_price"), added.Number("fallback_priority")));
        var ids = (await app.GetAsync("manage/model-prices", app.Admin)).Body.GetProperty("models").EnumerateArray().Select(model => model.GetProperty("id").GetString());
        Assert.DoesNotContain("openai-gpt-new", ids);
    }

    [Fact]
    public async Task A_removed_model_can_be_added_again_and_its_price_versions_go_on()
    {
        await using var app = await TestApp.StartAsync();
        await app.SendAsync(HttpMethod.Delete, "manage/model-prices/openai-gpt-4.1-nano", client: app.Admin);

        var added = await app.PostAsync("manage/model-prices", new { provider = "openai", model_name = "gpt-4.1-nano", input_price = 1, output_price = 2 }, app.Admin);

        Assert.Equal((201, 2m), (added.Status, added.Number("price_version")));
    }

    [Theory]
    [InlineData("""{"input_price":-1}""")]
    [InlineData("""{"input_price":1e30}""")]
    [InlineData("""{"input_price":"NaN"}""")]
    [InlineData("""{"input_price":NaN}""")]
    [InlineData("""{"profit_multiplier":0.5}""")]
    [InlineData("""{"inputprice":1}""")]
    [InlineData("""{"input_price":1,"input_price":2}""")]
    [InlineData("""{"effective_from":"2020-01-01T00:00:00Z"}""")]
    [InlineData("""{"provider":"Open AI"}""")]
    [InlineData("""{"aliases":[null]}""")]
    [InlineData("""[]""")]
    public async Task A_price_that_makes_no_sense_is_refused_and_nothing_changes(string body)
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.SendAsync(
            HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", client: app.Admin, change: request => request.Content = new StringContent(body, null, "application/json"));

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
        Assert.Equal(1, (await app.GetAsync("manage/model-prices/openai-gpt-4.1", app.Admin)).Number("price_version"));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task A_model_id_that_is_too_long_for_storage_is_404(string method)
    {
        await using var app = await TestApp.StartAsync();

        foreach (var id in new[] { new string('a', 513), string.Concat(Enumerable.Repeat("%2F", 103)) })
        {
            var reply = await app.SendAsync(new HttpMethod(method), "manage/model-prices/" + id, new { input_price = 1 }, app.Admin);
            Assert.Equal((404, "not_found"), (reply.Status, reply.Code));
        }
    }

    [Fact]
    public async Task A_change_on_a_stale_tag_is_412_and_on_the_present_one_goes_through()
    {
        await using var app = await TestApp.StartAsync();
        var read = await app.GetAsync("manage/model-prices/openai-gpt-4.1", app.Admin);
        Task<Reply> Change() => app.SendAsync(
            HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { input_price = 3 }, app.Admin, request => request.Headers.TryAddWithoutValidation("If-Match", read.Headers["ETag"]));

        var first = await Change();
        var second = await Change();

        Assert.Equal((200, 412, "precondition_failed"), (first.Status, second.Status, second.Code));
    }

    [Fact]
    public async Task A_scheduled_price_takes_effect_on_its_date_and_not_before()
    {
        await using var app = await TestApp.StartAsync();
        var tomorrow = app.Clock.GetUtcNow().AddDays(1);
        await app.SendAsync(HttpMethod.Put, "manage/model-prices/anthropic-claude-haiku-4-5", new { credits_per_10k_tokens = 4, effective_from = tomorrow }, app.Admin);

        var today = await app.CompleteAsync("ann", "one");
        app.Clock.Advance(TimeSpan.FromHours(25));
        var then = await app.CompleteAsync("ann", "two");

        Assert.Equal((1, 2), (today.Receipt.GetProperty("priceVersion").GetInt32(), then.Receipt.GetProperty("priceVersion").GetInt32()));
    }

    [Fact]
    public async Task Eleven_prices_can_be_scheduled_and_a_twelfth_is_refused()
    {
        await using var app = await TestApp.StartAsync();
        Task<Reply> Schedule(int days) => app.SendAsync(
            HttpMethod.Put, "manage/model-prices/openai-gpt-4.1", new { input_price = days, effective_from = app.Clock.GetUtcNow().AddDays(days) }, app.Admin);
        for (var day = 1; day <= 11; day++)
        {
            Assert.Equal(200, (await Schedule(day)).Status);
        }

        var twelfth = await Schedule(12);
        app.Clock.Advance(TimeSpan.FromHours(25));
        var dayAfter = await Schedule(12);

        Assert.Equal((400, "invalid_request", 200), (twelfth.Status, twelfth.Code, dayAfter.Status));
        Assert.Equal(1, dayAfter.Number("input_price"));
    }

    [Fact]
    public async Task Credits_are_given_and_taken_and_never_below_zero()
    {
        await using var app = await TestApp.StartAsync();

        await app.GiveAsync("ann", 5);
        var taken = await app.PostAsync("manage/users/ann/credits", new { amount = -12, reason = "correction" }, app.Admin);
        var tooMuch = await app.PostAsync("manage/users/ann/credits", new { amount = -4 }, app.Admin);

        Assert.Equal((3m, 3m, 0m), (taken.Number("credits"), taken.Number("paidCredits"), taken.Number("bonusCredits")));
        Assert.Equal((402, "insufficient_credits"), (tooMuch.Status, tooMuch.Code));
    }

    [Theory]
    [InlineData("purchase, promo")]
    [InlineData("signUp,signUp")]
    [InlineData("7")]
    public async Task Credits_of_a_kind_that_does_not_exist_are_not_given(string kind)
    {
        await using var app = await TestApp.StartAsync();

        var refused = await app.PostAsync("manage/users/ann/credits", new { amount = 5, kind }, app.Admin);
        var credits = await app.GetAsync("manage/users/ann/credits", app.Admin);

        Assert.Equal((400, "invalid_request", 10m), (refused.Status, refused.Code, credits.Number("credits")));
    }

    [Fact]
    public async Task The_same_idempotency_key_gives_credits_once()
    {
        await using var app = await TestApp.StartAsync();
        Task<Reply> Give() => app.SendAsync(
            HttpMethod.Post, "manage/users/ann/credits", new { amount = 5 }, app.Admin, request => request.Headers.Add("Idempotency-Key", "order-1"));

        await Give();
        var again = await Give();

        Assert.Equal(15, again.Number("credits"));
    }

    [Theory]
    [InlineData(50)]
    [InlineData(-5)]
    public async Task The_same_idempotency_key_with_another_amount_is_422_and_moves_nothing(int amount)
    {
        await using var app = await TestApp.StartAsync();
        Task<Reply> Change(int credits) => app.SendAsync(
            HttpMethod.Post, "manage/users/ann/credits", new { amount = credits }, app.Admin, request => request.Headers.Add("Idempotency-Key", "order-1"));
        await Change(5);

        var other = await Change(amount);

        Assert.Equal((422, "idempotency_mismatch"), (other.Status, other.Code));
        Assert.Equal(15, (await app.GetAsync("credits?userId=ann")).Number("credits"));
    }

    [Fact]
    public async Task A_new_accounts_status_shows_the_quota_the_cap_and_the_sign_up_grant()
    {
        await using var app = await TestApp.StartAsync();

        var status = await app.GetAsync("ai-credits-status?userId=test-123");

        Assert.Equal(
            (3m, 0m, 0m, 100m, 10m),
            (status.Number("freeRemainingToday"), status.Number("paidCredits"), status.Number("monthlySpend"), status.Number("monthlyCap"), status.Number("bonusCredits")));
    }

    [Fact]
    public async Task Balance_and_credits_agree_and_say_when_little_is_left()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:SignUp"] = "5" });

        var balance = await app.GetAsync("balance?userId=ann");
        var credits = await app.GetAsync("credits?userId=ann");

        Assert.Equal((0.5m, "low", 5m, true), (balance.Number("balance"), balance.Text("status"), credits.Number("credits"), credits.Flag("lowBalance")));
    }

    [Fact]
    public async Task The_history_is_paged_without_gaps_or_repeats()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 0; i < 6; i++)
        {
            await app.GiveAsync("ann", 1 + i);
        }

        var sequences = new List<long>();
        for (var before = ""; ;)
        {
            var page = await app.GetAsync($"credits/history?userId=ann&limit=3{before}");
            sequences.AddRange(page.Body.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("sequence").GetInt64()));
            if (page.Text("nextBefore") is not { } next)
            {
                break;
            }

            before = "&before=" + next;
        }

        Assert.Equal([7L, 6, 5, 4, 3, 2, 1], sequences);
    }

    [Fact]
    public async Task Health_names_its_parts_and_the_providers()
    {
        await using var app = await TestApp.StartAsync();

        var health = await app.GetAsync("health");

        Assert.Equal((200, "healthy", "stored", true), (health.Status, health.Text("status"), health.Text("catalog"), health.Flag("sampleStandsIn")));
    }

    [Fact]
    public async Task An_empty_setting_is_one_that_is_not_set()
    {
        string[] optional = ["Access:AdminKey", "Providers:OpenAI:ApiKey", "Providers:OpenAI:BaseUrl", "Providers:OpenAI:AzureEndpoint", "Providers:Fal:ApiKey", "Images:CloudinaryUrl", "Images:CloudinaryApiBaseUrl"];
        await using var app = await TestApp.StartAsync(optional.ToDictionary(name => name, _ => (string?)""));

        Assert.Equal((200, 401), ((await app.GetAsync("health")).Status, (await app.GetAsync("manage/keys", app.Admin)).Status));
    }

    [Fact]
    public async Task A_timer_can_be_run_by_hand_and_twice_and_changes_no_balance()
    {
        await using var app = await TestApp.StartAsync();
        await app.CompleteAsync("ann", "one");
        var before = await app.GetAsync("balance?userId=ann");
        app.Clock.Advance(TimeSpan.FromHours(13));
        using var host = new HttpClient { BaseAddress = new Uri(app.Http.BaseAddress!, "/") };

        for (var i = 0; i < 2; i++)
        {
            foreach (var timer in new[] { "reset-quotas", "sweep-holds", "reconcile-spend", "warm-cache", "deliver-notifications", "weekly-summary", "settle-orders", "renew-subscriptions", "erase-accounts" })
            {
                using var reply = await host.PostAsJsonAsync("admin/functions/" + timer, new { input = "" });
                Assert.Equal(202, (int)reply.StatusCode);
            }
        }

        Assert.Equal(JsonSerializer.Serialize(before.Body), JsonSerializer.Serialize((await app.GetAsync("balance?userId=ann")).Body));
    }
}
