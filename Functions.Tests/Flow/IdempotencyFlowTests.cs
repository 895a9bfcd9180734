using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

public sealed class IdempotencyFlowTests
{
    private static readonly Dictionary<string, string?> Paid = new(StringComparer.Ordinal) { ["Plans:Items:free:FreeImagesPerDay"] = "0" };

    [Fact]
    public async Task A_repeated_key_gets_the_same_bytes_again_and_is_charged_once()
    {
        await using var app = await TestApp.StartAsync(Paid);

        var first = await SendAsync(app, "order-1", Image("a red fox"));
        app.Clock.Advance(TimeSpan.FromHours(3));
        var second = await SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((200, 200, first.Text), (first.Status, second.Status, second.Text));
        Assert.Equal((false, true), (first.IsReplayed, second.IsReplayed));
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task The_answer_is_given_again_even_when_the_first_never_went_out()
    {
        await using var app = await TestApp.StartAsync(Paid);
        var first = await SendAsync(app, "order-1", Image("a red fox"));
        await ForgetBodyAsync(app);

        var tooSoon = await SendAsync(app, "order-1", Image("a red fox"));
        app.Clock.Advance(TimeSpan.FromSeconds(11));
        var second = await SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((409, true), (tooSoon.Status, second.IsReplayed));
        Assert.Equal(first.Receipt, second.Receipt);
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_422()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await SendAsync(app, "order-1", Image("a red fox"));

        var other = await SendAsync(app, "order-1", Image("a blue whale"));

        Assert.Equal((422, "idempotency_mismatch"), (other.Status, other.Code));
    }

    [Fact]
    public async Task A_key_belongs_to_one_user_and_one_route()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await SendAsync(app, "order-1", Image("a red fox"));

        var otherUser = await SendAsync(app, "order-1", Image("a red fox", user: "bob"));
        var otherRoute = await SendAsync(app, "order-1", new { userId = "ann", prompt = "hello", model = "OPUS_4" }, route: "complete");

        Assert.Equal((200, 200, false, false), (otherUser.Status, otherRoute.Status, otherUser.IsReplayed, otherRoute.IsReplayed));
    }

    [Fact]
    public async Task A_repetition_while_the_first_is_under_way_is_409()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(OpenAI(openAI));
        var first = SendAsync(app, "order-1", Image("a red fox"));
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the first request reached the vendor");

        var meanwhile = await SendAsync(app, "order-1", Image("a red fox"));
        gate.SetResult();
        var done = await first;
        var later = await SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((409, "idempotency_in_flight", true), (meanwhile.Status, meanwhile.Code, meanwhile.HasRetryAfter));
        Assert.Equal((200, 200, done.Text), (done.Status, later.Status, later.Text));
        Assert.Single(openAI.Requests);
    }

    [Fact]
    public async Task A_refusal_before_anything_was_done_is_not_remembered()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(Paid) { ["Credits:SignUp"] = "0" });

        var poor = await SendAsync(app, "order-1", Image("a red fox"));
        await app.GiveAsync("ann", 1);
        var rich = await SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((402, 200, false), (poor.Status, rich.Status, rich.IsReplayed));
    }

    [Fact]
    public async Task A_key_whose_request_failed_can_be_used_again()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script("gpt-image-1", OpenAIStandIn.Error(500, "server_error", null, "The server had an error."), Behaviour.Success);
        await using var app = await TestApp.StartAsync(OpenAI(openAI));

        var failed = await SendAsync(app, "order-1", Image("a red fox"));
        var again = await SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((502, 200, false), (failed.Status, again.Status, again.IsReplayed));
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task A_cached_answer_is_remembered_for_its_key_too()
    {
        await using var app = await TestApp.StartAsync();
        await app.PostAsync("ai-preview-image", new { userId = "bob", prompt = "a red fox", cacheTTL = 60 });

        var first = await SendAsync(app, "order-1", Image("fox, red"));
        app.Clock.Advance(TimeSpan.FromHours(1));
        var second = await SendAsync(app, "order-1", Image("fox, red"));

        Assert.Equal((true, first.Text), (second.IsReplayed, second.Text));
        await Ledger.AssertAsync(app, credits: 10, charges: 0);
    }

    [Fact]
    public async Task After_a_day_the_key_is_free()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await SendAsync(app, "order-1", Image("a red fox"));

        app.Clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        var fresh = await SendAsync(app, "order-1", Image("a blue whale"));

        Assert.Equal((200, false), (fresh.Status, fresh.IsReplayed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no-cache")]
    public async Task Of_a_hundred_requests_with_one_key_over_two_instances_one_calls_the_vendor_and_pays(string variant)
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var one = await TestApp.StartAsync(new Dictionary<string, string?>(OpenAI(openAI)) { ["Plans:Items:free:ConcurrentJobs"] = "100" });
        await using var two = await TestApp.StartAsync(sharing: one);
        object body = variant.Length == 0 ? Image("a red fox") : new { userId = "ann", prompt = "a red fox", useCache = false };

        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => SendAsync(i % 2 == 0 ? one : two, "order-1", body)));

        Assert.Single(openAI.Requests);
        Assert.All(replies, reply => Assert.True(reply.Status == 200 || reply.Code == "idempotency_in_flight", $"{reply.Status} {reply.Code}"));
        Assert.Single(replies, reply => reply.Status == 200 && !reply.IsReplayed);
        Assert.Single(replies.Where(reply => reply.Status == 200).Select(reply => reply.Text).Distinct(StringComparer.Ordinal));
        await Ledger.AssertAsync(one, credits: 9, charges: 1);
    }

    [Fact]
    public async Task A_success_that_came_after_its_hold_had_lapsed_answers_the_key_all_the_same()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(OpenAI(openAI));
        var first = SendAsync(app, "order-1", Image("a red fox"));
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the first request reached the vendor");
        app.Clock.Advance(TimeSpan.FromMinutes(6));
        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        gate.SetResult();
        var late = await first;
        var again = await SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((200, true, late.Text), (late.Status, again.IsReplayed, again.Text));
        Assert.Single(openAI.Requests);
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task A_lapsed_key_whose_answer_is_known_but_not_recorded_yet_gets_it_and_nobody_is_asked_again()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(OpenAI(openAI)) { ["Credits:PatienceMs"] = "100" }, transport: transport);
        await using var other = await TestApp.StartAsync(sharing: app);
        await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "warm up" });
        UnsettledFlowTests.LoseSettlements(transport);
        var first = await SendAsync(app, "order-1", Image("a red fox"));
        // The instance is gone for good, and its hold with it.
        other.Clock.Advance(TimeSpan.FromMinutes(6));
        await other.Get<AccountStore>().ExecuteAsync("ann", new Sweep());

        var again = await SendAsync(other, "order-1", Image("a red fox"));
        var onceMore = await SendAsync(other, "order-1", Image("a red fox"));

        Assert.Equal((200, 200, true, true), (first.Status, again.Status, again.IsReplayed, onceMore.IsReplayed));
        Assert.Equal(2, openAI.Requests.Count);
        await Ledger.AssertAsync(other, credits: 8, charges: 2);
    }

    [Fact]
    public async Task A_lapsed_key_whose_answer_cannot_be_charged_at_the_moment_has_to_wait()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(OpenAI(openAI)) { ["Credits:PatienceMs"] = "100" }, transport: transport);
        await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "warm up" });
        UnsettledFlowTests.LoseSettlements(transport);
        await SendAsync(app, "order-1", Image("a red fox"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));

        var again = await SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((409, "idempotency_in_flight"), (again.Status, again.Code));
        Assert.Equal(2, openAI.Requests.Count);
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_400()
    {
        await using var app = await TestApp.StartAsync();

        Assert.Equal(400, (await SendAsync(app, new string('k', 256), Image("a red fox"))).Status);
    }

    private static object Image(string prompt, string user = "ann") => new { userId = user, prompt };

    private static Dictionary<string, string?> OpenAI(OpenAIStandIn standIn) => new(Paid, StringComparer.Ordinal)
    {
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = standIn.V1,
    };

    private static async Task<Keyed> SendAsync(TestApp app, string key, object body, string route = "ai-preview-image")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = System.Net.Http.Json.JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await app.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var json = JsonDocument.Parse(text).RootElement;
        return new Keyed(
            (int)response.StatusCode,
            text,
            json.TryGetProperty("code", out var code) ? code.GetString() : null,
            json.TryGetProperty("receipt", out var receipt) ? receipt.ToString() : null,
            response.Headers.TryGetValues("Idempotent-Replayed", out var replayed) && replayed.Single() == "true",
            response.Headers.RetryAfter is not null);
    }

    private static async Task ForgetBodyAsync(TestApp app)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var row = await client.QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").SingleAsync();
        row.Remove("Rendered");
        await client.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
    }

    private sealed record Keyed(int Status, string Text, string? Code, string? Receipt, bool IsReplayed, bool HasRetryAfter);
}
