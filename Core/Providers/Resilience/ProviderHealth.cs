using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ServerlessAi.Providers.Resilience;

/// <summary>How a provider does, as this instance sees it.</summary>
/// <param name="State">The worst of its models': <c>closed</c>, <c>half_open</c> or <c>open</c>.</param>
/// <param name="InUse">Calls under way.</param>
/// <param name="Waiting">Requests in the queue for it.</param>
/// <param name="Models">Those whose circuit is not closed.</param>
public sealed record ProviderHealth(string Name, string State, int InUse, int Waiting, ImmutableArray<ModelHealth> Models)
{
    [JsonIgnore]
    public bool IsClosed => Models.IsEmpty;
}

/// <param name="Model">Its id in the catalog.</param>
/// <param name="State"><c>open</c>: it is not asked. <c>half_open</c>: a single call finds out whether it has recovered.</param>
/// <param name="Since">When the circuit opened.</param>
/// <param name="Until">When it is asked again; null when the next request will.</param>
public sealed record ModelHealth(string Model, string State, DateTimeOffset Since, DateTimeOffset? Until);
