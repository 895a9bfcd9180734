using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Uses the product like everybody, buys, gives and redeems, wants to be forgotten, asks for that until it is so, and may come back.</summary>
internal sealed class Leaver(World world, string friend, Random random)
{
    public const string Name = "leaver";

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
            await Task.WhenAll(user.LiveAsync(), shopper.DabbleAsync());
            await DeleteAsync();
        }
    }

    private async Task DeleteAsync()
    {
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
