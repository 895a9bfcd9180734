using ServerlessAi.Simulation.People;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>A call as the vendor's own books have it.</summary>
/// <param name="Machine">Who called.</param>
internal sealed record VendorCall(int Number, Exchange Exchange, int Machine, string Model)
{
    /// <summary>The vendor did the work, whether or not its answer arrived.</summary>
    public bool Succeeded { get; set; }

    /// <summary>What the vendor will charge the platform, nano-USD; 0 for work that it did not do.</summary>
    public long BilledNanoUsd { get; set; }
}
