using ServerlessAi.Simulation.People;

namespace ServerlessAi.Simulation.Vendors;

/// <summary>What a vendor is asked for.</summary>
internal enum Wish
{
    Chat,
    Stream,
    Image,
    Embedding,
    Search,
}

/// <summary>A call as the vendor's own books have it.</summary>
/// <param name="Machine">Who called.</param>
/// <param name="Model">The vendor's name of the model.</param>
internal sealed record VendorCall(int Number, Exchange Exchange, int Machine, Wish Wish, string Model)
{
    /// <summary>The vendor did the work, whether or not its answer arrived.</summary>
    public bool Succeeded { get; set; }

    /// <summary>What the vendor will charge the platform, nano-USD; 0 for work that it did not do.</summary>
    public long BilledNanoUsd { get; set; }
}
