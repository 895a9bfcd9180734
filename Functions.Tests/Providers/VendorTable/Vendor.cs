using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Images;
using ServerlessAi.Providers.Search;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>One way in which a vendor fails, in its own words, and what that must become.</summary>
/// <param name="Says">The answer as the vendor documents it, in short.</param>
internal sealed record Trouble(string Case, string Says, Behaviour Behaviour, ProviderFailure Failure)
{
    /// <summary>How long the vendor asks us to wait, seconds; null when it does not say.</summary>
    public double? RetryAfter { get; init; }

    /// <summary>What is scripted: a model; null for anything that is asked. The fal queue has questions of its own.</summary>
    public string? At { get; init; }
}

/// <summary>A vendor as the app is set up for it, its stand-in, and everything that can be wrong with it.</summary>
/// <param name="Provider">As catalog entries name it.</param>
/// <param name="Model">An entry of the shipped catalog.</param>
internal sealed record Vendor(string Name, string Provider, ModelKind Kind, string Model, IReadOnlyList<Trouble> Troubles)
{
    public required Func<Task<VendorStandIn>> Start { get; init; }

    public required Func<VendorStandIn, (string Name, string? Value)[]> Settings { get; init; }

    /// <summary>What a successful call is said to have used, by the stand-in; of a stream too.</summary>
    public required TokenUsage Reported { get; init; }

    /// <summary>How it says so, where the stand-in's usual answer does not; null for that.</summary>
    public Func<VendorStandIn, Behaviour>? Success { get; init; }

    /// <summary>A stream with <see cref="Reported"/>; null when the vendor has none.</summary>
    public StreamScript? Stream { get; init; }

    /// <summary>Place of the stream's first word.</summary>
    public int FirstWord { get; init; } = 1;

    public string VendorModel => ShippedCatalog.Models.Single(entry => entry.Id == Model).ModelName;

    /// <summary>Asks the real adapter once.</summary>
    public async Task<ProviderOutcome<object>> AskAsync(ProviderRegistry registry, CancellationToken cancellationToken) => Kind switch
    {
        ModelKind.Text => Plain(await registry.Text(Provider)!.CompleteAsync(new TextCall(VendorModel, "Say hello.", 100, Temperature: null), cancellationToken)),
        ModelKind.Image => Plain(await registry.Image(Provider)!.GenerateAsync(new ImageCall(VendorModel, "A red fox", "square", ""), cancellationToken)),
        ModelKind.Search => Plain(await registry.Search(Provider)!.SearchAsync(new SearchCall(VendorModel, "red foxes", 3), cancellationToken)),
        _ => Plain(await registry.Embedding(Provider)!.EmbedAsync(new EmbeddingCall(VendorModel, new() { ["model"] = VendorModel, ["input"] = "foxes" }, 3), cancellationToken)),
    };

    private static ProviderOutcome<object> Plain<T>(ProviderOutcome<T> outcome)
        where T : class => outcome.Value is { } value ? outcome.As<object>(value) : outcome.As<object>();

    public override string ToString() => Name;
}
