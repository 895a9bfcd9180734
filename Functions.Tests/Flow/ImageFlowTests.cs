using ServerlessAi.Images;

namespace ServerlessAi.Tests.Flow;

public sealed class ImageFlowTests
{
    [Fact]
    public async Task A_generated_image_downloads_from_its_url_without_credentials()
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.ImageAsync("ann", "a red fox in the snow");

        Assert.Equal(200, reply.Status);
        Assert.Equal(("premium", false, 0.08m), (reply.Text("tier"), reply.Flag("cached"), reply.Number("cost")));
        using var anonymous = new HttpClient();
        var bytes = await anonymous.GetByteArrayAsync(new Uri(reply.Text("imageUrl")!));
        var image = ImageBytes.Sniff(bytes);
        Assert.Equal((reply.Text("contentType"), (int)reply.Number("width")), (image!.ContentType, image.Width));
    }

    [Fact]
    public async Task The_blob_cannot_be_read_without_its_signature()
    {
        await using var app = await TestApp.StartAsync();
        var reply = await app.ImageAsync("ann", "a red fox");
        using var anonymous = new HttpClient();

        var unsigned = await anonymous.GetAsync(new Uri(reply.Text("imageUrl")!.Split('?')[0]));

        Assert.False(unsigned.IsSuccessStatusCode);
    }

    [Fact]
    public async Task The_same_words_in_another_order_come_from_the_cache_for_nothing()
    {
        await using var app = await TestApp.StartAsync();
        var first = await app.ImageAsync("ann", "A red fox, in the snow!");

        var second = await app.ImageAsync("bob", "snow... the RED fox");

        Assert.Equal((true, 0m, first.Text("imageId")), (second.Flag("cached"), second.Number("cost"), second.Text("imageId")));
        Assert.Equal("hit", second.Headers["x-cache"]);
        Assert.Equal(3, (await app.GetAsync("ai-credits-status?userId=bob")).Number("freeRemainingToday"));
    }

    [Theory]
    [InlineData("aspect", "portrait")]
    [InlineData("style", "watercolour")]
    [InlineData("size", "24x36")]
    public async Task Another_aspect_style_or_size_is_another_image(string field, string value)
    {
        await using var app = await TestApp.StartAsync();
        await app.ImageAsync("ann", "a red fox");

        var other = await app.PostAsync("ai-preview-image", new Dictionary<string, string> { ["userId"] = "ann", ["prompt"] = "a red fox", [field] = value });

        Assert.False(other.Flag("cached"));
    }

    [Fact]
    public async Task After_three_free_images_and_without_credits_a_new_prompt_is_402_and_a_cached_one_still_free()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:SignUp"] = "0" });
        foreach (var prompt in new[] { "one fox", "two foxes", "three birds" })
        {
            Assert.Equal(200, (await app.ImageAsync("ann", prompt)).Status);
        }

        var refused = await app.ImageAsync("ann", "four whales");
        var cached = await app.ImageAsync("ann", "foxes, two");

        Assert.Equal((402, "insufficient_credits"), (refused.Status, refused.Code));
        Assert.Equal((200, true), (cached.Status, cached.Flag("cached")));
    }

    [Fact]
    public async Task Credits_pay_only_after_the_free_images_and_the_receipt_adds_up()
    {
        await using var app = await TestApp.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(0, (await app.ImageAsync("ann", $"free {i}")).Number("creditsCharged"));
        }

        var paid = await app.ImageAsync("ann", "paid");

        Assert.Equal(1, paid.Number("creditsCharged"));
        Assert.Equal((1m, 0m), (paid.Receipt.GetProperty("creditsReserved").GetDecimal(), paid.Receipt.GetProperty("creditsReleased").GetDecimal()));
        Assert.Equal("1", paid.Headers["x-credits-charged"]);
        Assert.Equal("9", paid.Headers["x-credits-remaining"]);
    }

    [Fact]
    public async Task At_midnight_the_free_images_are_back()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:SignUp"] = "0" });
        for (var i = 0; i < 3; i++)
        {
            await app.ImageAsync("ann", $"free {i}");
        }

        app.Clock.Advance(TimeSpan.FromHours(12));

        Assert.Equal(200, (await app.ImageAsync("ann", "new day")).Status);
        Assert.Equal(2, (await app.GetAsync("ai-credits-status?userId=ann")).Number("freeRemainingToday"));
    }

    [Fact]
    public async Task At_the_monthly_cap_the_premium_request_is_served_by_the_standard_tier_and_says_so()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:MonthlyCapUsd"] = "0.08" });
        Assert.False((await app.ImageAsync("ann", "before the cap")).Flag("downgraded"));

        var reply = await app.ImageAsync("ann", "at the cap");

        Assert.Equal((true, "standard", 0.003m), (reply.Flag("downgraded"), reply.Text("tier"), reply.Number("cost")));
        Assert.Equal("monthly_cap", reply.Receipt.GetProperty("downgradeReason").GetString());
        Assert.Equal("standard", (await app.GetAsync("ai-credits-status?userId=ann")).Text("tier"));
    }

    [Theory]
    [InlineData("Budget:MonthlyUsd", "0.08", "platform_budget")]
    [InlineData("Plans:Items:free:CostLimitUsd", "0.1", "monthly_cap")]
    public async Task The_status_names_the_tier_that_the_next_image_is_served_by(string budget, string usd, string reason)
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { [budget] = usd });
        Assert.Equal("premium", (await app.GetAsync("ai-credits-status?userId=ann")).Text("tier"));
        Assert.Equal("premium", (await app.ImageAsync("ann", "within the budget")).Text("tier"));

        var status = await app.GetAsync("ai-credits-status?userId=ann");
        var image = await app.ImageAsync("ann", "over the budget");

        Assert.Equal(("standard", "standard", reason), (status.Text("tier"), image.Text("tier"), image.Receipt.GetProperty("downgradeReason").GetString()));
    }

    [Fact]
    public async Task The_status_names_no_tier_where_nothing_is_served()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Budget:HardUsd"] = "0" });

        var status = await app.GetAsync("ai-credits-status?userId=ann");

        Assert.Equal((200, null), (status.Status, status.Text("tier")));
        Assert.Equal(429, (await app.ImageAsync("ann", "a fox")).Status);
    }

    [Fact]
    public async Task Over_the_platforms_budget_everybody_is_downgraded_and_over_the_hard_one_refused()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Budget:MonthlyUsd"] = "0.08", ["Budget:HardUsd"] = "0.083" });
        await app.ImageAsync("ann", "first");

        var downgraded = await app.ImageAsync("bob", "second");
        var refused = await app.ImageAsync("cat", "third");

        Assert.Equal("platform_budget", downgraded.Receipt.GetProperty("downgradeReason").GetString());
        Assert.Equal((429, "usage_limit_exceeded"), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Identical_requests_at_the_same_time_make_one_call_and_the_others_are_hits()
    {
        await using var app = await TestApp.StartAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => app.ImageAsync($"user{i}", "the very same")));

        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Single(replies, reply => !reply.Flag("cached"));
        Assert.Single(replies.Select(reply => reply.Text("imageId")).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task UseCache_false_neither_reads_nor_writes_the_cache()
    {
        await using var app = await TestApp.StartAsync();
        await app.ImageAsync("ann", "a fox");

        var fresh = await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "a fox", useCache = false });
        var unwritten = await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "a whale", useCache = false });
        var after = await app.ImageAsync("ann", "a whale");

        Assert.Equal((false, false, false), (fresh.Flag("cached"), unwritten.Flag("cached"), after.Flag("cached")));
    }

    [Fact]
    public async Task An_answer_is_forgotten_after_its_cacheTTL()
    {
        await using var app = await TestApp.StartAsync();
        await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "a fox", cacheTTL = 60 });

        app.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.True((await app.ImageAsync("ann", "a fox")).Flag("cached"));
        app.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.False((await app.ImageAsync("ann", "a fox")).Flag("cached"));
    }

    [Theory]
    [InlineData("""{"userId":"ann"}""", 400)]
    [InlineData("""{"userId":"ann","prompt":""}""", 400)]
    [InlineData("""{"userId":"ann","prompt":"x","aspect":"round"}""", 400)]
    [InlineData("""{"userId":"ann","prompt":"x","model":"nonesuch"}""", 400)]
    [InlineData("""{"userId":"ann","prompt":"x","cacheTTL":-1}""", 400)]
    [InlineData("""{"userId":"ann","prompt":"x","prompt":"y"}""", 400)]
    [InlineData("""{"userId":"ann","prompt":5}""", 400)]
    [InlineData("""{"userId":"ann","prompt":"x" """, 400)]
    [InlineData("""{"prompt":"x"}""", 401)]
    public async Task A_body_that_is_wrong_is_a_problem_and_costs_nothing(string body, int status)
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.SendAsync(HttpMethod.Post, "ai-preview-image", change: request => request.Content = new StringContent(body, null, "application/json"));

        Assert.Equal(status, reply.Status);
        Assert.StartsWith("application/problem+json", reply.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(reply.Headers["x-request-id"], reply.Text("requestId"));
        Assert.Equal(3, (await app.GetAsync("ai-credits-status?userId=ann")).Number("freeRemainingToday"));
    }
}
