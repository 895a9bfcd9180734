using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Uses the product like everybody, wants to be forgotten, asks for that until it is so, and may come back.</summary>
internal sealed class Leaver(World world, Random random)
{
    public const string Name = "leaver";

    private const int AttemptsLimit = 8;
    private readonly Sender sender = new(world, Name, random);
    private readonly User user = new(world, Name, random);

    public async Task LiveAsync()
    {
        await user.LiveAsync();
        var left = Task.CompletedTask;
        if (random.Next(3) == 0)
        {
            // Something of theirs is still under way.
            left = user.LiveAsync();
        }

        await DeleteAsync();
        await left;
        if (random.Next(2) == 0)
        {
            await user.LiveAsync();
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
