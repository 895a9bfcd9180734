using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Images;

/// <summary>An image of one's own joins the gallery in the transaction that pays for it: both happen, or neither.</summary>
public sealed class GalleryCommitTests
{
    private static readonly Dictionary<string, string?> Impatient = new(StringComparer.Ordinal) { ["Credits:PatienceMs"] = "100" };

    [Theory]
    [InlineData(FaultKind.Busy503)]
    [InlineData(FaultKind.Timeout)]
    [InlineData(FaultKind.ReplyLost)]
    public async Task A_settlement_that_fails_leaves_no_image_and_one_that_arrives_leaves_both(FaultKind kind)
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Impatient);
        await using var running = app;
        await app.ImageAsync("ann", "warm up");
        FailSettlements(storage, kind);

        var answered = await app.ImageAsync("ann", "a fox");

        // The hold and the gallery, as another instance finds them at this moment.
        var (direct, _) = await TestApp.StartSimulatedAsync(sharing: app, storage: storage.Connect());
        await using var second = direct;
        var hold = await direct.Get<AccountStore>().ReadHoldAsync("ann", answered.Text("imageId")!);
        var count = (await direct.Get<Gallery>().ListAsync("ann", 10, before: null, onlySelected: false, CancellationToken.None)).Images.Count;
        Assert.Equal(200, answered.Status);
        Assert.Equal(hold!.Status == HoldStatus.Settled ? 2 : 1, count);
        Assert.Equal(kind == FaultKind.ReplyLost, hold.Status == HoldStatus.Settled);

        storage.Faults = _ => Simulator.Storage.Fault.None;
        await Wait.UntilAsync(async () => (await app.Get<AccountStore>().ReadAsync("ann")).Holds.IsEmpty, "the charge was made");
        Assert.Equal(200, (await app.GetAsync($"images/{answered.Text("imageId")}?userId=ann")).Status);
        Assert.Equal(2, (await app.GetAsync("images?userId=ann")).Body.GetProperty("images").GetArrayLength());
    }

    [Fact]
    public async Task An_image_selected_before_its_charge_was_written_stays_selected()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync(Impatient);
        await using var running = app;
        await app.ImageAsync("ann", "warm up");
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        FailSettlements(storage, FaultKind.Busy503);
        var answered = await app.ImageAsync("ann", "a fox");
        var (direct, _) = await TestApp.StartSimulatedAsync(sharing: app, storage: storage.Connect());
        await using var second = direct;
        Assert.True((await direct.ImageAsync("ann", "a fox")).Flag("cached"));
        var image = Assert.Single((await direct.Get<Gallery>().ListAsync("ann", 1, before: null, onlySelected: false, CancellationToken.None)).Images);
        await direct.Get<Gallery>().ChangeAsync("ann", image, row => row with { Selected = true, SelectedAt = app.Clock.GetUtcNow() }, CancellationToken.None);

        storage.Faults = _ => Simulator.Storage.Fault.None;
        await Wait.UntilAsync(async () => (await app.Get<AccountStore>().ReadAsync("ann")).Holds.IsEmpty, "the charge was made");

        var shown = await app.GetAsync($"images/{answered.Text("imageId")}?userId=ann");
        Assert.Equal((true, "settled"), (shown.Flag("selected"), shown.Receipt.GetProperty("settlement").GetString()));
        Assert.Equal(2, (await app.GetAsync("images?userId=ann")).Body.GetProperty("images").GetArrayLength());
    }

    [Fact]
    public async Task The_audit_takes_galleries_for_granted()
    {
        await using var app = await TestApp.StartAsync();
        var id = (await app.ImageAsync("ann", "a fox")).Text("imageId");
        await app.ImageAsync("bob", "a fox");
        await app.PostAsync($"images/{id}/select?userId=bob", new { });

        var audit = await app.GetAsync("manage/audit", app.Admin);

        Assert.Equal((true, 0, 2), (audit.Flag("conserved"), audit.Body.GetProperty("discrepancyCount").GetInt32(), audit.Body.GetProperty("accounts").GetInt32()));
    }

    // The reservation is the first.
    private static void FailSettlements(SimulatedStorage storage, FaultKind kind)
    {
        var transactions = 0;
        storage.Faults = request => request.IsTransaction && Interlocked.Increment(ref transactions) > 1 ? FaultOf(kind) : Simulator.Storage.Fault.None;
    }

    private static Simulator.Storage.Fault FaultOf(FaultKind kind) => kind switch
    {
        FaultKind.Busy503 => Simulator.Storage.Fault.Busy503,
        FaultKind.Timeout => Simulator.Storage.Fault.Timeout,
        _ => Simulator.Storage.Fault.ReplyLost,
    };
}
