using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Wants to be told of all there is to be told of, at an address of its own.</summary>
internal sealed class Listener(World world, string name, Random random)
{
    public async Task LiveAsync()
    {
        var sender = new Sender(world, name, random);
        if (await sender.UntilAnsweredAsync("PUT", "api/notifications/preferences", new { webhookUrl = Letterbox.AddressOf(name), newSecret = true }) is { Status: 200 })
        {
            world.Letterbox.Since[name] = world.Time.GetUtcNow();
        }
    }
}
