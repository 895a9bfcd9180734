using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;
using Fault = ServerlessAi.Simulator.Storage.Fault;

namespace ServerlessAi.Tests.Flow;

public sealed class IdempotencyFlowTests
{
    private static readonly Dictionary<string, string?> Paid = new(StringComparer.Ordinal) { ["Plans:Items:free:FreeImagesPerDay"] = "0" };

    [Fact]
    public async Task A_repeated_key_gets_the_same_bytes_again_and_is_charged_once()
    {
        await using var app = await TestApp.StartAsync(Paid);

        var first = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        app.Clock.Advance(TimeSpan.FromHours(3));
        var second = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((200, 200, first.Text), (first.Status, second.Status, second.Text));
        Assert.Equal((false, true), (first.IsReplayed, second.IsReplayed));
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task The_answer_is_given_again_even_when_the_first_never_went_out()
    {
        await using var app = await TestApp.StartAsync(Paid);
        var first = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await ForgetBodyAsync(app);

        var tooSoon = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        app.Clock.Advance(TimeSpan.FromSeconds(11));
        var second = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((409, true), (tooSoon.Status, second.IsReplayed));
        Assert.Equal(first.Receipt, second.Receipt);
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task An_answer_that_had_to_be_made_again_stays_as_it_was_made_then()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await ForgetBodyAsync(app);

        app.Clock.Advance(TimeSpan.FromHours(1));
        var madeAgain = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        // The URL of the image would be signed anew.
        app.Clock.Advance(TimeSpan.FromHours(1));
        var repeated = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((200, madeAgain.Text), (repeated.Status, repeated.Text));
    }

    [Fact]
    public async Task Of_two_bodies_for_one_answer_the_first_kept_wins()
    {
        var time = new ManualTime();
        var (app, storage) = await TestApp.StartSimulatedAsync(Paid, storage: new SimulatedStorage(time));
        await using var owned = app;
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await ForgetBodyAsync(app);
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var owner = AccountRows.ToClaim(await client.QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").SingleAsync());
        Task<string> KeepAsync(string body) => app.Get<Claims>().KeepBodyAsync("ann", owner.Claim.KeyHash, owner.OperationId, body, CancellationToken.None);

        // The slow one has read that nothing is kept, and its write is on its way.
        storage.Faults = request => request.Method == "PATCH" ? Fault.Delayed(TimeSpan.FromMinutes(1)) : Fault.None;
        var slow = KeepAsync("""{ "maker": "slow" }""");
        await Wait.UntilAsync(() => time.NextDue is not null, "the slow one writes");
        storage.Faults = _ => Fault.None;
        var quick = await KeepAsync("""{ "maker": "quick" }""");
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((quick, quick), (await slow, (await Keyed.SendAsync(app, "order-1", Image("a red fox"))).Text));
    }

    [Fact]
    public async Task A_body_is_not_kept_for_a_key_that_belongs_to_another_operation_by_then()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await ForgetBodyAsync(app);
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var row = await client.QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").SingleAsync();

        var sent = await app.Get<Claims>().KeepBodyAsync("ann", row.RowKey["idem|".Length..], "somebody-else", "{}", CancellationToken.None);
        app.Clock.Advance(TimeSpan.FromSeconds(11));
        var replay = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal("{}", sent);
        Assert.NotNull(replay.Receipt);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_422()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        var other = await Keyed.SendAsync(app, "order-1", Image("a blue whale"));

        Assert.Equal((422, "idempotency_mismatch"), (other.Status, other.Code));
    }

    [Fact]
    public async Task A_key_belongs_to_one_user_and_one_route()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        var otherUser = await Keyed.SendAsync(app, "order-1", Image("a red fox", user: "bob"));
        var otherRoute = await Keyed.SendAsync(app, "order-1", new { userId = "ann", prompt = "hello", model = "OPUS_4" }, route: "complete");

        Assert.Equal((200, 200, false, false), (otherUser.Status, otherRoute.Status, otherUser.IsReplayed, otherRoute.IsReplayed));
    }

    [Theory]
    [InlineData("ai-preview-image/")]
    [InlineData("AI-Preview-Image")]
    public async Task A_route_that_is_spelled_otherwise_is_the_same_route(string spelling)
    {
        await using var app = await TestApp.StartAsync(Paid);
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        var again = await Keyed.SendAsync(app, "order-1", Image("a red fox"), spelling);

        Assert.Equal((200, true), (again.Status, again.IsReplayed));
    }

    [Fact]
    public async Task A_repetition_while_the_first_is_under_way_is_409()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(OpenAI(openAI));
        var first = Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the first request reached the vendor");

        var meanwhile = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        gate.SetResult();
        var done = await first;
        var later = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((409, "idempotency_in_flight", true), (meanwhile.Status, meanwhile.Code, meanwhile.HasRetryAfter));
        Assert.Equal((200, 200, done.Text), (done.Status, later.Status, later.Text));
        Assert.Single(openAI.Requests);
    }

    [Fact]
    public async Task A_refusal_before_anything_was_done_is_not_remembered()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(Paid) { ["Credits:SignUp"] = "0" });

        var poor = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await app.GiveAsync("ann", 1);
        var rich = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((402, 200, false), (poor.Status, rich.Status, rich.IsReplayed));
    }

    [Fact]
    public async Task A_key_whose_request_failed_can_be_used_again()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script("gpt-image-1", OpenAIStandIn.Error(500, "server_error", null, "The server had an error."), Behaviour.Success);
        await using var app = await TestApp.StartAsync(OpenAI(openAI));

        var failed = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        var again = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((502, 200, false), (failed.Status, again.Status, again.IsReplayed));
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task A_cached_answer_is_remembered_for_its_key_too()
    {
        await using var app = await TestApp.StartAsync();
        await app.PostAsync("ai-preview-image", new { userId = "bob", prompt = "a red fox", cacheTTL = 60 });

        var first = await Keyed.SendAsync(app, "order-1", Image("fox, red"));
        app.Clock.Advance(TimeSpan.FromHours(1));
        var second = await Keyed.SendAsync(app, "order-1", Image("fox, red"));

        Assert.Equal((true, first.Text), (second.IsReplayed, second.Text));
        await Ledger.AssertAsync(app, credits: 10, charges: 0);
    }

    [Fact]
    public async Task After_a_day_the_key_is_free()
    {
        await using var app = await TestApp.StartAsync(Paid);
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        app.Clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        var fresh = await Keyed.SendAsync(app, "order-1", Image("a blue whale"));

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

        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Keyed.SendAsync(i % 2 == 0 ? one : two, "order-1", body)));

        Assert.Single(openAI.Requests);
        Assert.All(replies, reply => Assert.True(reply.Status == 200 || reply.Code == "idempotency_in_flight", $"{reply.Status} {reply.Code}"));
        Assert.Single(replies, reply => reply.Status == 200 && !reply.IsReplayed);
        Assert.Single(replies.Where(reply => reply.Status == 200).Select(reply => reply.Text).Distinct(StringComparer.Ordinal));
        await Ledger.AssertAsync(one, credits: 9, charges: 1);
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_400()
    {
        await using var app = await TestApp.StartAsync();

        Assert.Equal(400, (await Keyed.SendAsync(app, new string('k', 256), Image("a red fox"))).Status);
    }

    private static object Image(string prompt, string user = "ann") => new { userId = user, prompt };

    private static Dictionary<string, string?> OpenAI(OpenAIStandIn standIn) => new(Paid, StringComparer.Ordinal)
    {
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = standIn.V1,
    };

    private static async Task ForgetBodyAsync(TestApp app)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var row = await client.QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").SingleAsync();
        row.Remove("Rendered");
        await client.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
    }
}
