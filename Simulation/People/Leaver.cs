using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Uses the product like everybody, buys, gives and redeems, wants to be forgotten, asks for that until it is so, and may come back.</summary>
internal sealed class Leaver(World world, string friend, Random random)
{
    public const string Name = "leaver";

    /// <summary>A code that nobody else redeems.</summary>
    public const string Code = "PARTING";

    private const int AttemptsLimit = 8;
    private readonly Sender sender = new(world, Name, random);
    private readonly User user = new(world, Name, random);

    private readonly Shopper shopper = new(world, Name, friend, random);

    public async Task LiveAsync()
    {
        await Task.WhenAll(user.LiveAsync(), shopper.DabbleAsync());
        // Something of theirs may be still under way.
        var left = random.Next(3) switch
        {
            0 => user.LiveAsync(),
            1 => shopper.DabbleAsync(),
            _ => Task.CompletedTask,
        };

        await DeleteAsync();
        await left;
        if (random.Next(2) == 0)
        {
            await Task.WhenAll(user.LiveAsync(), shopper.DabbleAsync(), sender.UntilAnsweredAsync("POST", "api/credits/redeem", new { code = Code }));
            await DeleteAsync();
        }
    }

    // At a machine that dies of it, before anybody can have noted what it came to.
    private Task DoInAHurryAsync(Instance doomed)
    {
        var giver = new Sender(world, friend, random);
        return random.Next(5) switch
        {
            0 => sender.SendAsync("POST", "api/credits/gift", new { toUserId = friend, amount = random.Next(1, 10) }, sender.NewKey(), to: doomed),
            < 3 => sender.SendAsync("POST", "api/credits/redeem", new { code = Code }, to: doomed),
            _ => giver.SendAsync("POST", "api/credits/gift", new { toUserId = Name, amount = random.Next(1, 10) }, "for " + sender.NewKey(), to: doomed),
        };
    }

    private async Task DeleteAsync()
    {
        if (world.Plan.HasCrashes && world.Alive is [_, .., var doomed])
        {
            doomed.Machine.DieAfter(random.Next(8, 60));
            await Task.WhenAny(DoInAHurryAsync(doomed), doomed.Machine.Death);
            doomed.Machine.Die();
            world.CountCrash();
        }

        for (var attempt = 0; attempt < AttemptsLimit; attempt++)
        {
            if (await sender.SendAsync("DELETE", "api/account") is { Status: 200 } && random.Next(4) > 0)
            {
                return;
            }

            await sender.PauseAsync(60_000);
        }
    }
}
