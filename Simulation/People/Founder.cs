using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Has founded a team: buys for it, has it topped up and a plan renewed, wants to be forgotten in some worlds, and may come back.</summary>
internal sealed class Founder(World world, string friend, Random random)
{
    private const int AttemptsLimit = 8;
    private readonly Sender sender = new(world, Team.Owner, random);

    private readonly Shopper shopper = new(world, Team.Owner, friend, random, Team.Account);

    public async Task LiveAsync()
    {
        if (random.Next(2) == 0)
        {
            await sender.UntilAnsweredAsync("PUT", "api/notifications/preferences", new { webhookUrl = Letterbox.AddressOf(Team.Owner), newSecret = true });
        }

        await shopper.ProvideAsync();
        if (!world.Plan.HasFounderWhoLeaves)
        {
            return;
        }

        // Something of theirs may be still under way.
        var left = random.Next(2) == 0 ? shopper.ProvideAsync() : Task.CompletedTask;
        await DeleteAsync();
        await left;
        if (random.Next(3) == 0)
        {
            await sender.UntilAnsweredAsync("POST", "api/teams", new { name = "Us" });
            await shopper.ProvideAsync();
            if (random.Next(2) == 0)
            {
                await DeleteAsync();
            }
        }
    }

    private async Task DeleteAsync()
    {
        if (world.Plan.HasCrashes && world.Alive is [_, .., var doomed])
        {
            // It dies in the middle, or of what somebody else began there.
            doomed.Machine.DieAfter(random.Next(4, 60));
            await Task.WhenAny(Task.WhenAll(shopper.AgreeAsync(doomed), sender.SendAsync("DELETE", "api/account", to: doomed)), doomed.Machine.Death);
            doomed.Machine.Die();
            world.CountCrash();
        }

        for (var attempt = 0; attempt < AttemptsLimit; attempt++)
        {
            var agreed = random.Next(3) == 0 && world.Alive is [var other, ..] ? shopper.AgreeAsync(other) : Task.CompletedTask;
            var reply = await sender.SendAsync("DELETE", "api/account");
            await agreed;
            if (reply is { Status: 200 } && random.Next(4) > 0)
            {
                return;
            }

            await sender.PauseAsync(60_000);
        }
    }
}
