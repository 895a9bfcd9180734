using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;
using Fault = ServerlessAi.Simulator.Storage.Fault;

namespace ServerlessAi.Tests.Flow;

/// <summary>Credits given and taken by an admin keep the same promise as billable requests.</summary>
public sealed class CreditIdempotencyTests
{
    private const string Five = """{ "amount": 5, "kind": "purchase", "reason": "order 1" }""";

    [Fact]
    public async Task A_repeated_change_gets_the_same_bytes_again_whatever_has_happened_since()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;

        var first = await Keyed.ChangeAsync(app, "order-1", Five);
        await app.GiveAsync("ann", 7);
        app.Clock.Advance(TimeSpan.FromHours(23));
        var second = await Keyed.ChangeAsync(app, "order-1", Five);

        Assert.Equal((200, 200, first.Text), (first.Status, second.Status, second.Text));
        Assert.Equal((false, true, 15m), (first.IsReplayed, second.IsReplayed, first.Number("credits")));
        await Ledger.AssertAsync(app, credits: 22, charges: 0);
    }

    [Theory]
    [InlineData("""{ "amount": 6, "kind": "purchase", "reason": "order 1" }""")]
    [InlineData("""{ "amount": 5, "kind": "purchase", "reason": "order 2" }""")]
    [InlineData("""{ "amount": 5, "kind": "gift", "reason": "order 1" }""")]
    [InlineData("""{"amount":5,"kind":"purchase","reason":"order 1"}""")]
    public async Task Another_body_with_the_same_key_is_422_and_moves_nothing(string body)
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        await Keyed.ChangeAsync(app, "order-1", Five);

        var other = await Keyed.ChangeAsync(app, "order-1", body);

        Assert.Equal((422, "idempotency_mismatch", false), (other.Status, other.Code, other.IsReplayed));
        await Ledger.AssertAsync(app, credits: 15, charges: 0);
    }

    [Fact]
    public async Task A_refused_change_is_not_remembered()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        const string TakeTwelve = """{ "amount": -12 }""";

        var poor = await Keyed.ChangeAsync(app, "order-1", TakeTwelve);
        var wrong = await Keyed.ChangeAsync(app, "order-1", """{ "amount": 0 }""");
        await app.GiveAsync("ann", 5);
        var rich = await Keyed.ChangeAsync(app, "order-1", TakeTwelve);

        Assert.Equal((402, 400, 200, false), (poor.Status, wrong.Status, rich.Status, rich.IsReplayed));
        Assert.Equal(3, rich.Number("credits"));
    }

    [Fact]
    public async Task A_change_whose_credits_have_expired_since_is_answered_all_the_same()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        var body = $$"""{ "amount": 5, "expires_at": "{{app.Clock.GetUtcNow().AddHours(1):O}}" }""";

        var first = await Keyed.ChangeAsync(app, "order-1", body);
        app.Clock.Advance(TimeSpan.FromHours(2));
        var second = await Keyed.ChangeAsync(app, "order-1", body);

        Assert.Equal((200, first.Text, true), (second.Status, second.Text, second.IsReplayed));
    }

    [Fact]
    public async Task The_answer_is_the_same_even_when_its_first_body_was_never_kept()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        var first = await Keyed.ChangeAsync(app, "order-1", Five);
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var row = await client.QueryAsync<TableEntity>("RowKey ge 'idem|' and RowKey lt 'idem}'").SingleAsync();
        Assert.True(row.Remove("Rendered"));
        await client.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        await app.GiveAsync("ann", 7);

        var second = await Keyed.ChangeAsync(app, "order-1", Five);

        Assert.Equal((first.Text, true), (second.Text, second.IsReplayed));
    }

    [Fact]
    public async Task Of_60_requests_with_one_key_over_two_instances_one_moves_credits_and_all_get_its_answer()
    {
        var (one, storage) = await TestApp.StartSimulatedAsync();
        await using var owned = one;
        var (two, _) = await TestApp.StartSimulatedAsync(sharing: one, storage: storage);
        await using var alsoOwned = two;

        var replies = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Keyed.ChangeAsync(i % 2 == 0 ? one : two, "order-1", Five)));

        Assert.All(replies, reply => Assert.True(reply.Status == 200 || reply.Code == "idempotency_in_flight", $"{reply.Status} {reply.Code}"));
        Assert.Single(replies.Where(reply => reply.Status == 200).Select(reply => reply.Text).Distinct(StringComparer.Ordinal));
        Assert.Single(replies, reply => reply.Status == 200 && !reply.IsReplayed);
        await Ledger.AssertAsync(one, credits: 15, charges: 0);
        Assert.Empty((await one.Get<Auditor>().ProveAsync("ann", CancellationToken.None).SingleAsync()).Problems);
    }

    [Fact]
    public async Task A_change_whose_reply_storage_lost_is_made_once_and_answered()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        var transactions = 0;
        storage.Faults = request => request.IsTransaction && Interlocked.Increment(ref transactions) == 1 ? Fault.ReplyLost : Fault.None;

        var first = await Keyed.ChangeAsync(app, "order-1", Five);
        var second = await Keyed.ChangeAsync(app, "order-1", Five);

        Assert.Equal((200, 200, first.Text), (first.Status, second.Status, second.Text));
        await Ledger.AssertAsync(app, credits: 15, charges: 0);
    }

    [Fact]
    public async Task A_key_that_has_expired_still_names_its_change()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        await Keyed.ChangeAsync(app, "order-1", Five);
        app.Clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));

        var late = await Keyed.ChangeAsync(app, "order-1", Five);
        var other = await Keyed.ChangeAsync(app, "order-1", """{ "amount": 6 }""");

        Assert.Equal((200, true, 15m), (late.Status, late.IsReplayed, late.Number("credits")));
        Assert.Equal("idempotency_mismatch", other.Code);
        await Ledger.AssertAsync(app, credits: 15, charges: 0);
    }
}
