using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Batches;

/// <summary>Many requests in one, each on its own way.</summary>
public sealed class BatchFlowTests
{
    [Fact]
    public async Task Results_come_in_the_order_of_the_items_whichever_is_done_first()
    {
        await using var batch = await BatchApp.OpenAsync(("Plans:Items:free:ConcurrentJobs", "4"));
        var gate = new TaskCompletionSource();
        batch.Vendor.Script("gpt-4.1", Behaviour.After(gate.Task));
        var sending = batch.SendAsync(BatchApp.Text("one", BatchApp.Slow), BatchApp.Text("two"), BatchApp.Text("three"), BatchApp.Text("four"));
        await batch.AskedAsync(4);
        await batch.HoldsAsync(1);

        gate.SetResult();
        var reply = await sending;

        Assert.Equal((200, (4, 0), true), (reply.Status, reply.Counts, reply.IsComplete));
        Assert.Equal([0, 1, 2, 3], reply.Results.Select(result => result.GetProperty("index").GetInt32()));
        Assert.Equal([BatchApp.Slow, BatchApp.Fast, BatchApp.Fast, BatchApp.Fast], reply.Results.Select(result => result.GetProperty("result").GetProperty("model").GetString()));
    }

    [Fact]
    public async Task Each_item_has_a_receipt_a_hold_and_a_ledger_entry_of_its_own()
    {
        await using var batch = await BatchApp.OpenAsync();

        var reply = await batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two", BatchApp.Slow), BatchApp.Text("three"));
        var charges = await batch.ChargesAsync();

        var receipts = reply.Results.Select(result => result.GetProperty("result").GetProperty("receipt")).ToList();
        Assert.Equal(3, receipts.Select(receipt => receipt.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.Equal(
            receipts.Select(receipt => receipt.GetProperty("operationId").GetString()).Order(StringComparer.Ordinal),
            charges.Select(charge => charge.GetProperty("operationId").GetString()).Order(StringComparer.Ordinal));
        Assert.Equal((receipts.Sum(receipt => receipt.GetProperty("creditsCharged").GetDecimal()), true), (reply.Charged, reply.Charged > 0));
        Assert.Equal(10 - reply.Charged, (await batch.App.GetAsync("credits?userId=ann")).Number("credits"));
    }

    [Fact]
    public async Task What_is_wrong_with_one_item_is_said_in_its_place_and_harms_no_other()
    {
        await using var batch = await BatchApp.OpenAsync();

        var reply = await batch.SendAsync(
            BatchApp.Text("one"),
            BatchApp.Text(""),
            new { kind = "song", prompt = "two" },
            new { prompt = "three", stream = true },
            new { kind = "image", prompt = "four", aspect = "oval" },
            "five",
            null,
            new { prompt = 6 },
            new { kind = "batch", items = Array.Empty<object>() },
            BatchApp.Text("seven", "no-such-model"),
            BatchApp.Text("eight"));

        Assert.Equal([200, 400, 400, 400, 400, 400, 400, 400, 400, 400, 200], reply.Statuses);
        Assert.Equal((2, 9), reply.Counts);
        Assert.All(Enumerable.Range(1, 9), index => Assert.Equal("invalid_request", reply.CodeOf(index)));
        Assert.Contains("kind", reply.Error(2).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, (await batch.ChargesAsync()).Count);
    }

    [Fact]
    public async Task Who_runs_out_of_credits_in_the_middle_is_told_so_for_each_item_that_is_left()
    {
        await using var batch = await BatchApp.OpenAsync(("Credits:SignUp", "0.1001"));

        var reply = await batch.SendAsync([.. Enumerable.Range(0, 4).Select(number => BatchApp.Text($"number {number}", BatchApp.Slow))]);

        Assert.Equal([200, 402, 402, 402], reply.Statuses);
        Assert.Equal("insufficient_credits", reply.CodeOf(1));
        Assert.Equal((true, 1), (reply.IsComplete, batch.Vendor.Requests.Count));
    }

    [Fact]
    public async Task A_failing_provider_fails_its_items_alone()
    {
        await using var batch = await BatchApp.OpenAsync(("Providers:Attempts", "1"));
        batch.Vendor.Script("gpt-4.1", OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));

        var reply = await batch.SendAsync(BatchApp.Text("one", BatchApp.Slow), BatchApp.Text("two"));

        Assert.Equal([502, 200], reply.Statuses);
        Assert.Equal("provider_failed", reply.CodeOf(0));
        Assert.Single(await batch.ChargesAsync());
    }

    [Fact]
    public async Task Texts_images_and_searches_go_into_one_batch_and_each_is_answered_as_on_its_own_route()
    {
        await using var app = await TestApp.StartAsync();

        var reply = await app.PostAsync("batch", new
        {
            userId = "ann",
            items = new object[] { new { prompt = "a haiku" }, new { kind = "image", prompt = "a fox", aspect = "portrait" }, new { kind = "search", query = "foxes" } },
        });

        var results = reply.Body.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("result")).ToList();
        Assert.True(results[0].GetProperty("text").GetString()!.Length > 0);
        Assert.True(Uri.IsWellFormedUriString(results[1].GetProperty("imageUrl").GetString(), UriKind.Absolute));
        Assert.True(results[2].GetProperty("results").GetArrayLength() > 0);
        Assert.Single((await app.GetAsync("images?userId=ann")).Body.GetProperty("images").EnumerateArray());
    }

    [Fact]
    public async Task A_hundred_items_are_served_and_a_hundred_and_one_refused()
    {
        await using var batch = await BatchApp.OpenAsync(("Plans:Items:free:ConcurrentJobs", "100"));
        var hundred = Enumerable.Range(0, 100).Select(number => BatchApp.Text($"number {number}")).ToArray();

        var served = await batch.SendAsync(hundred);
        var refused = await batch.SendAsync([.. hundred, BatchApp.Text("one too many")]);

        Assert.Equal((200, (100, 0)), (served.Status, served.Counts));
        Assert.Equal((400, "invalid_request"), (refused.Status, refused.Code));
        Assert.Equal((100, 100), (batch.Vendor.Requests.Count, (await batch.ChargesAsync()).Count));
    }

    [Theory]
    [InlineData("""{ "userId": "ann" }""", 400)]
    [InlineData("""{ "userId": "ann", "items": [] }""", 400)]
    [InlineData("""{ "userId": "ann", "items": null }""", 400)]
    [InlineData("""{ "userId": "ann", "items": { "prompt": "one" } }""", 400)]
    [InlineData("""{ "userId": "ann", "items": [{ "prompt": "one" }], "concurrency": 0 }""", 400)]
    [InlineData("""[{ "prompt": "one" }]""", 401)]
    [InlineData("""{ "userId": "ann", "items": [""", 400)]
    public async Task An_envelope_that_is_wrong_is_refused_as_a_whole(string body, int status)
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Tests:Environment"] = "Development" });
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        using var response = await app.Http.PostAsync("batch", content);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task What_the_cache_knows_is_free_in_a_batch_too()
    {
        await using var batch = await BatchApp.OpenAsync();
        await batch.SendAsync(BatchApp.Text("one"));

        var reply = await batch.SendAsync(BatchApp.Text("one"), BatchApp.Text("two"), BatchApp.Text("two"));

        Assert.Equal([true, false, true], reply.Results.Select(result => result.GetProperty("result").GetProperty("cached").GetBoolean()));
        Assert.Equal((2, 2), (batch.Vendor.Requests.Count, (await batch.ChargesAsync()).Count));
    }
}
