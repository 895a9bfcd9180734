using ServerlessAi.Accounts;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>What users see, and what they pay, while storage loses, denies or forgets to confirm.</summary>
public sealed class StorageTroubleTests
{
    [Fact]
    public async Task An_answer_whose_settlement_storage_does_not_take_is_given_and_charged_later()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(
            new Dictionary<string, string?> { ["Credits:PatienceMs"] = "100", ["Plans:Items:free:FreeImagesPerDay"] = "0" }, transport: transport);
        await app.ImageAsync("ann", "warm up");
        var transactions = 0;
        var gone = true;
        transport.Choose = request =>
            FaultyTransport.IsTransaction(request) && Interlocked.Increment(ref transactions) > 1 && Volatile.Read(ref gone) ? Fault.Lost : Fault.None;

        var reply = await app.ImageAsync("ann", "a fox");
        Volatile.Write(ref gone, false);
        await Wait.UntilAsync(async () => (await app.Get<AccountStore>().ReadAsync("ann")).Holds.IsEmpty, "the charge was made");

        Assert.Equal((200, "pending"), (reply.Status, reply.Receipt.GetProperty("settlement").GetString()));
        await Ledger.AssertAsync(app, credits: 8, charges: 2);
    }

    [Fact]
    public async Task A_reservation_that_arrived_although_nobody_heard_of_it_is_given_back_when_storage_is_there_again()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Credits:PatienceMs"] = "100" }, transport: transport);
        await app.CompleteAsync("ann", "warm up");
        var transactions = 0;
        var gone = true;
        transport.Choose = request => !Volatile.Read(ref gone) ? Fault.None
            : FaultyTransport.IsTransaction(request) && Interlocked.Increment(ref transactions) == 1 ? Fault.ReplyLost : Fault.Lost;

        var refused = await app.CompleteAsync("ann", "a poem");
        Volatile.Write(ref gone, false);
        await Wait.UntilAsync(async () => (await app.Get<AccountStore>().ReadAsync("ann")).Holds.IsEmpty, "the hold was given back");

        Assert.Equal((503, 1), (refused.Status, transactions));
        Assert.Equal(200, (await app.CompleteAsync("ann", "a poem")).Status);
    }

    [Fact]
    public async Task An_image_that_cannot_be_kept_costs_the_user_nothing_and_what_it_cost_us_is_recorded()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.ImageAsync("ann", "warm up");
        transport.Choose = request => request.Uri.ToString().Contains("/images-", StringComparison.Ordinal) ? Fault.Denied : Fault.None;

        var reply = await app.ImageAsync("ann", "a fox");

        var state = await app.Get<AccountStore>().ReadAsync("ann");
        Assert.Equal((503, 1, 0), (reply.Status, state.Day.FreeImagesUsed, state.Holds.Length));
        Assert.Equal((1, 160_000_000L), (state.Month.Failures, state.Month.CostNanoUsd));
    }

    [Fact]
    public async Task A_cache_that_storage_denies_is_done_without()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        await app.ImageAsync("ann", "warm up");
        transport.Choose = request => request.Uri.ToString().Contains("cache", StringComparison.Ordinal) ? Fault.Denied : Fault.None;

        Assert.Equal(200, (await app.ImageAsync("ann", "a fox")).Status);
    }

    [Fact]
    public async Task A_table_that_could_not_be_created_at_first_is_created_later()
    {
        var transport = new FaultyTransport { Choose = _ => Fault.Denied };
        await using var app = await TestApp.StartAsync(transport: transport);
        Assert.Equal(503, (await app.GetAsync("balance?userId=ann")).Status);

        transport.Choose = _ => Fault.None;

        Assert.Equal(200, (await app.GetAsync("balance?userId=ann")).Status);
    }
}
