using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>A plan as it can be subscribed to.</summary>
/// <param name="Id">Lower case, as it stands in URLs.</param>
public sealed record Plan(string Id, string Name)
{
    public string Description { get; init; } = "";

    /// <summary>USD for a month.</summary>
    public decimal PriceUsd { get; init; }

    /// <summary>Credits granted at the start of each month of a subscription; they expire at its end.</summary>
    public decimal Credits { get; init; }

    /// <summary>Whether new subscribers may choose it. Those who have it keep it.</summary>
    public bool Offered { get; init; } = true;

    public PlanLimits Limits { get; init; } = new();

    /// <summary>What is agreed on with whoever subscribes now.</summary>
    public PlanTerms ToTerms() => new(Id, Money.FromUsd(PriceUsd), Money.FromCredits(Credits));
}

/// <summary>The plans in this build: what is offered until an admin says otherwise, and what serves when storage is out of reach.</summary>
public static class ShippedPlans
{
    /// <summary>Made anew each time: limits are changed by settings.</summary>
    public static IReadOnlyList<Plan> Read()
    {
        using var stream = typeof(ShippedPlans).Assembly.GetManifestResourceStream("shipped-plans.json")
            ?? throw new InvalidOperationException("The build lacks its shipped plans.");
        return StoredJson.Read<PlansFile>(stream).Plans;
    }

    private sealed record PlansFile(IReadOnlyList<Plan> Plans);
}
