using System.Text.Json;
using Azure.Core;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Batches;

/// <summary>One idempotency key for a whole batch.</summary>
public sealed class BatchKeyTests
{
    private static readonly object[] Three = [BatchApp.Text("one"), BatchApp.Text("two"), BatchApp.Text("three")];

    [Fact]
    public async Task A_repetition_gets_the_same_bytes_and_nobody_is_asked_again()
    {
        await using var batch = await BatchApp.OpenAsync();

        var first = await batch.SendKeyedAsync("order-1", Three);
        var again = await batch.SendKeyedAsync("order-1", Three);

        Assert.Equal((200, false, 200, true), (first.Status, first.IsReplayed, again.Status, again.IsReplayed));
        Assert.Equal(first.Text, again.Text);
        Assert.Equal((3, 3), (batch.Vendor.Requests.Count, (await batch.ChargesAsync()).Count));
    }

    [Fact]
    public async Task An_answered_batch_stays_answered_refusals_included()
    {
        await using var batch = await BatchApp.OpenAsync(("Credits:SignUp", "0.1001"));
        var items = Enumerable.Range(0, 3).Select(number => BatchApp.Text($"number {number}", BatchApp.Slow)).ToArray();
        var first = await batch.SendKeyedAsync("order-1", items);
        await batch.App.GiveAsync("ann", 10);

        var again = await batch.SendKeyedAsync("order-1", items);

        Assert.Equal([200, 402, 402], first.Statuses);
        Assert.Equal(first.Text, again.Text);
        Assert.Single(batch.Vendor.Requests);
    }

    [Fact]
    public async Task Answers_too_long_for_a_row_are_given_again_in_the_same_bytes()
    {
        await using var batch = await BatchApp.OpenAsync();
        batch.Vendor.Text = new string('x', 20_000);

        var first = await batch.SendKeyedAsync("order-1", Three);
        var again = await batch.SendKeyedAsync("order-1", Three);

        Assert.Equal((true, true, first.Text), (first.Text.Length > 60_000, again.IsReplayed, again.Text));
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_422()
    {
        await using var batch = await BatchApp.OpenAsync();
        await batch.SendKeyedAsync("order-1", Three);

        var other = await batch.SendKeyedAsync("order-1", [.. Three, BatchApp.Text("four")]);

        Assert.Equal((422, "idempotency_mismatch"), (other.Status, other.Code));
        Assert.Equal(3, batch.Vendor.Requests.Count);
    }

    [Fact]
    public async Task Of_two_instances_that_get_the_same_key_at_once_one_serves_and_the_other_says_409()
    {
        await using var one = await BatchApp.OpenAsync();
        await using var two = await one.AnotherAsync();
        var gate = new TaskCompletionSource();
        one.Vendor.Script(model: null, Behaviour.After(gate.Task));
        var sending = new[] { one.SendKeyedAsync("order-1", Three), two.SendKeyedAsync("order-1", Three) };

        var refused = await await Task.WhenAny(sending);
        gate.SetResult();
        var replies = await Task.WhenAll(sending);
        var again = await two.SendKeyedAsync("order-1", Three);

        Assert.Equal((409, "idempotency_in_flight"), (refused.Status, refused.Code));
        var served = Assert.Single(replies, reply => reply.Status == 200);
        Assert.Equal((served.Text, 3, 3), (again.Text, one.Vendor.Requests.Count, (await one.ChargesAsync()).Count));
    }

    [Fact]
    public async Task After_an_instance_died_in_the_middle_a_repetition_gets_the_settled_items_and_carries_on_with_the_rest()
    {
        await using var dead = await BatchApp.OpenAsync();
        await using var alive = await dead.AnotherAsync();
        var gate = new TaskCompletionSource();
        // The third call is never answered as long as anybody waits for it: to all others, this instance is dead.
        dead.Vendor.Script(model: null, Behaviour.Success, Behaviour.Success, Behaviour.After(gate.Task), Behaviour.Success);
        var four = new[] { BatchApp.Text("one"), BatchApp.Text("two"), BatchApp.Text("three"), BatchApp.Text("four") };
        var dying = dead.SendKeyedAsync("order-1", four);
        await dead.AskedAsync(3);
        var tooEarly = await alive.SendKeyedAsync("order-1", four);
        var settled = (await dead.ChargesAsync()).Select(OperationId).ToList();
        dead.App.Clock.Advance(TimeSpan.FromMinutes(6));

        var again = await alive.SendKeyedAsync("order-1", four);
        var onceMore = await alive.SendKeyedAsync("order-1", four);

        Assert.Equal((409, "idempotency_in_flight", 2), (tooEarly.Status, tooEarly.Code, settled.Count));
        Assert.Equal(((4, 0), again.Text), (again.Counts, onceMore.Text));
        Assert.Equal(settled.Order(StringComparer.Ordinal), new[] { again.Result(0), again.Result(1) }.Select(result => OperationId(result.GetProperty("receipt"))).Order(StringComparer.Ordinal));
        Assert.Equal((5, 4), (dead.Vendor.Requests.Count, (await alive.ChargesAsync()).Count));

        // It was not dead after all. It charges nothing, and answers what the other one answered.
        gate.SetResult();
        Assert.Equal((200, again.Text), ((await dying).Status, (await dying).Text));
        Assert.Equal((5, 4), (dead.Vendor.Requests.Count, (await alive.ChargesAsync()).Count));
    }

    [Fact]
    public async Task A_batch_that_ran_out_of_time_is_carried_on_with_at_once()
    {
        await using var batch = await BatchApp.OpenAsync(("Batch:AnswerMs", "61234"));
        batch.App.Clock.Hold(TimeSpan.FromMilliseconds(61_234));
        var gate = new TaskCompletionSource();
        batch.Vendor.Script(model: null, Behaviour.Success, Behaviour.After(gate.Task), Behaviour.Success);

        var sending = batch.SendKeyedAsync("order-1", Three);
        await batch.AskedAsync(2);
        batch.App.Clock.Fire();
        var first = await sending;
        gate.SetResult();
        await batch.HoldsAsync(0);
        var again = await batch.SendKeyedAsync("order-1", Three);
        var onceMore = await batch.SendKeyedAsync("order-1", Three);

        Assert.Equal([200, 504, 503], first.Statuses);
        Assert.Equal([200, 200, 200], again.Statuses);
        Assert.Equal((false, true), (first.IsComplete, again.IsComplete));
        Assert.Equal(first.Result(0).ToString(), again.Result(0).ToString());
        Assert.Equal((again.Text, 3, 3), (onceMore.Text, batch.Vendor.Requests.Count, (await batch.ChargesAsync()).Count));
    }

    [Fact]
    public async Task A_key_of_a_batch_is_no_key_of_anything_else_and_is_free_again_after_a_day()
    {
        await using var batch = await BatchApp.OpenAsync();
        await batch.SendKeyedAsync("order-1", Three);
        var single = await Flow.Keyed.SendAsync(batch.App, "order-1", new { userId = "ann", prompt = "alone", model = BatchApp.Fast }, "complete");
        // Its items' keys were claimed a moment after its own: they are not what a new batch meets.
        batch.App.Clock.Advance(TimeSpan.FromHours(24));

        var another = await batch.SendKeyedAsync("order-1", [.. Three, new { prompt = "four", model = BatchApp.Fast, useCache = false }]);

        Assert.Equal((200, (4, 0), false), (single.Status, another.Counts, another.IsReplayed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_storage_does_not_say_whether_the_key_was_claimed_the_batch_is_served_once(bool arrives)
    {
        var transport = new FaultyTransport();
        await using var vendor = await OpenAIStandIn.StartAsync();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.GiveAsync("ann", 1);
        var lost = 0;
        transport.Choose = request => IsKey(request, RequestMethod.Post) && Interlocked.Exchange(ref lost, 1) == 0 ? arrives ? Fault.ReplyLost : Fault.Lost : Fault.None;

        var first = await Flow.Keyed.SendAsync(app, "order-1", new { userId = "ann", items = new[] { new { prompt = "one" } } }, "batch");
        var again = await Flow.Keyed.SendAsync(app, "order-1", new { userId = "ann", items = new[] { new { prompt = "one" } } }, "batch");

        Assert.Equal((1, 200, true, first.Text), (lost, first.Status, again.IsReplayed, again.Text));
    }

    [Fact]
    public async Task An_answer_that_cannot_be_kept_goes_out_and_its_items_are_given_again()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.GiveAsync("ann", 1);
        var body = new { userId = "ann", items = new[] { new { prompt = "one" }, new { prompt = "two" } } };
        // Items are claimed in transactions, and their answers merged into their rows; a whole key is put in the place of what it was.
        transport.Choose = request => IsKey(request, RequestMethod.Put) ? Fault.Denied : Fault.None;

        var first = await Flow.Keyed.SendAsync(app, "order-1", body, "batch");
        transport.Choose = _ => Fault.None;
        app.Clock.Advance(TimeSpan.FromMinutes(5));
        var again = await Flow.Keyed.SendAsync(app, "order-1", body, "batch");

        Assert.Equal((200, 200, first.Text), (first.Status, again.Status, again.Text));
        Assert.Equal(2, (await app.GetAsync("credits/history?userId=ann")).Body.GetProperty("entries").EnumerateArray().Count(entry => entry.GetProperty("kind").GetString() == "charge"));
    }

    [Fact]
    public async Task The_rows_of_a_batchs_keys_are_tidied_up_like_others()
    {
        await using var batch = await BatchApp.OpenAsync();
        await batch.SendKeyedAsync("order-1", Three);
        Assert.Equal(4, await KeysAsync(batch.App));

        batch.App.Clock.Advance(TimeSpan.FromDays(3));
        await batch.App.Get<Tidier>().TidyAsync(CancellationToken.None);

        Assert.Equal(0, await KeysAsync(batch.App));
    }

    private static bool IsKey(Request request, RequestMethod method) => request.Method == method
        && (method == RequestMethod.Post ? !FaultyTransport.IsTransaction(request) && request.Uri.ToString().Contains("accounts", StringComparison.OrdinalIgnoreCase) : request.Uri.ToString().Contains("idem", StringComparison.Ordinal));

    private static async Task<int> KeysAsync(TestApp app) =>
        await (await app.Get<Tables>().GetAsync(TableNames.Accounts)).QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").CountAsync();

    private static string? OperationId(JsonElement of) => of.GetProperty("operationId").GetString();
}
