using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Payments;

/// <summary>Two requests redeem a code, and one of them is told by its clock that the account is gone, which has come back since.</summary>
public sealed class CodeRaceTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task A_use_that_another_request_gives_back_is_taken_anew_and_counts(int before)
    {
        var transport = new FaultyTransport(new SimulatedStorage(TimeProvider.System));
        await using var app = await TestApp.StartAsync(transport: transport, connectionString: SimulatedStorage.ConnectionString);
        Assert.Equal(201, (await app.PostAsync("manage/codes", new { id = "ONCE", kind = "credits", value = 5, max_redemptions = 1 }, app.Admin)).Status);
        await app.GiveAsync("ann", 1);
        var (uses, code) = (app.Get<CodeUses>(), await app.Get<PromoCodes>().ReadAsync("ONCE", default));
        Assert.True((await uses.TakeAsync(code!, "ann", CodeUses.ToRedeem, default)).Succeeded);
        var looks = 0;
        transport.Meanwhile = async request =>
        {
            // The one that looks whether the uses are up, the one that takes it, the one that reads it, the one that notes it as done.
            if (request.Uri.ToString().Contains(CodeUses.SlotPrefix[..^1], StringComparison.Ordinal) && ++looks == before)
            {
                transport.Meanwhile = _ => Task.CompletedTask;
                await uses.GiveBackAsync("ONCE", "ann", CodeUses.ToRedeem, default);
            }
        };

        var redeemed = await app.PostAsync("credits/redeem", new { userId = "ann", code = "ONCE" });

        Assert.Equal((200, before), (redeemed.Status, looks));
        Assert.Equal((16, 409), ((await app.GetAsync("credits?userId=ann")).Number("credits"), (await app.PostAsync("credits/redeem", new { userId = "bob", code = "ONCE" })).Status));
        Assert.Equal(409, (await app.PostAsync("credits/redeem", new { userId = "cy", code = "ONCE" })).Status);
    }
}
