using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Notifications;

/// <summary>Deliveries that break off at any of their requests to storage: nothing is lost, and what is sent again has the same id.</summary>
public sealed class CrashedDeliveryTests
{
    private const int RequestsOfADelivery = 40;

    public static TheoryData<string> Faults => new(nameof(Fault.Error500), nameof(Fault.Timeout), nameof(Fault.ReplyLost), nameof(Fault.Preempted));

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Whichever_request_fails_the_receiver_hears_of_it_and_knows_a_repetition(string kind)
    {
        var fault = (Fault)typeof(Fault).GetField(kind)!.GetValue(obj: null)!;
        await using var world = await NotifyWorld.StartAsync(new Dictionary<string, string?> { ["Storage:NetworkTimeoutMs"] = "200" });
        await world.HookAsync("ann");
        await world.RunAsync();
        var repeated = 0;
        for (var failing = 1; failing <= RequestsOfADelivery; failing++)
        {
            var before = world.Receiver.Requests.Count;
            // The first try is refused, so that moving an item is among what breaks off.
            world.Receiver.Script(Behaviour.Answer(500, "no"), Behaviour.Success);
            await world.TellAsync("ann", failing);
            var count = 0;
            // The request and its repetition by the client.
            world.Storage.Faults = _ => Interlocked.Increment(ref count) is var number && (number == failing || number == failing + 1) ? fault : Fault.None;
            await Quietly(world.RunAsync());
            await Quietly(world.RunForAsync(TimeSpan.FromMinutes(2)));
            world.Storage.Faults = _ => Fault.None;
            await world.RunForAsync(TimeSpan.FromMinutes(12));

            Assert.Empty(await world.OutboxAsync());
            var heard = world.Receiver.Requests.Skip(before).Select(request => request.Headers["webhook-id"]).ToList();
            Assert.Single(heard.Distinct(StringComparer.Ordinal));
            repeated += heard.Count - 2;
        }

        // Only where it is not known whether the end of a sending was written.
        Assert.InRange(repeated, 0, RequestsOfADelivery / 4);
    }

    // The timer is called again each minute, whatever a run ends in.
    private static async Task Quietly(Task run)
    {
        try
        {
            await run;
        }
        catch (Exception exception) when (ServerlessAi.Storage.StorageFaults.IsAny(exception))
        {
            // A run that broke off, which is what this is about.
        }
    }
}
