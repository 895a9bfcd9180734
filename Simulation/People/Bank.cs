using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>The payers' bank: takes some payments back, and decides later whose money it is.</summary>
internal sealed class Bank(World world, StripeTill till, Random random)
{
    public async Task LiveAsync()
    {
        for (var look = random.Next(2, 6); look > 0; look--)
        {
            await Task.Delay(TimeSpan.FromSeconds(random.Next(10, 90)), world.Time);
            if (till.Payments.Where(payment => payment["amount_refunded"] is null).ToList() is { Count: > 0 } paid && random.Next(2) == 0)
            {
                till.OpenDispute(paid[random.Next(paid.Count)]);
            }

            foreach (var dispute in till.Disputes.Values.Where(dispute => (string)dispute["status"]! == "needs_response" && random.Next(3) == 0).ToList())
            {
                till.CloseDispute(dispute, isWon: random.Next(2) == 0);
            }
        }
    }
}
