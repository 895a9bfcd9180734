using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Accounts;

public sealed class TeamLookupTests
{
    [Fact]
    public async Task A_burst_of_one_users_requests_looks_for_their_team_once()
    {
        var time = new ManualTime();
        var (app, storage) = await TestApp.StartSimulatedAsync(storage: new SimulatedStorage(time));
        await using var running = app;
        var members = app.Get<Members>();
        Assert.Null(await members.FindTeamAsync("bob", CancellationToken.None));
        var reads = 0;
        storage.Faults = request =>
        {
            var isLook = request.Method == "GET" && request.Table.EndsWith(TableNames.Members, StringComparison.Ordinal);
            reads += isLook ? 1 : 0;
            return isLook ? Simulator.Storage.Fault.Delayed(TimeSpan.FromSeconds(1)) : Simulator.Storage.Fault.None;
        };

        var looks = Enumerable.Range(0, 50).Select(_ => members.FindTeamAsync("ann", CancellationToken.None).AsTask()).ToList();
        await Wait.UntilAsync(() => Task.FromResult(time.NextDue is not null), "the read is on its way");
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.All(await Task.WhenAll(looks), Assert.Null);
        Assert.Equal(1, reads);
    }
}
