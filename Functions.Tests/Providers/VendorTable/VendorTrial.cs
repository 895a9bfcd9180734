using System.Text.Json.Nodes;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>One vendor's real adapter, in the app's own chain with a second model behind it, against its stand-in. Time stands still unless a case needs it to pass.</summary>
internal sealed class VendorTrial : IAsyncDisposable
{
    private readonly Vendor vendor;
    private readonly VendorStandIn standIn;
    private readonly ProviderWorld world;
    private int trials;

    private VendorTrial(Vendor vendor, VendorStandIn standIn, ProviderWorld world) => (this.vendor, this.standIn, this.world) = (vendor, standIn, world);

    public static async Task<VendorTrial> StartAsync(Vendor vendor)
    {
        var own = await vendor.Start();
        return new VendorTrial(vendor, own, await ProviderWorld.StartAsync(settings: vendor.Settings(own)));
    }

    public async Task<Line> TryAsync(Trouble trouble)
    {
        var before = standIn.Requests.Count;
        standIn.Script(trouble.At, trouble.Behaviour, Behaviour.Success);
        if (trouble.Case == Common.NeverMade)
        {
            await standIn.DisposeAsync();
        }

        var (chosen, catalog) = Models();
        var running = world.Chain.RunAsync(chosen, catalog, "ann", (_, token) => vendor.AskAsync(world.Registry, token));
        if (trouble.Case is Common.Timeout or Common.Stalled)
        {
            await Wait.UntilAsync(() => standIn.Requests.Count > before, "the vendor has the request");
            world.Time.Advance(TimeSpan.FromMilliseconds(vendor.Kind == ModelKind.Text ? 60_000 : vendor.Kind == ModelKind.Image ? 100_000 : 20_000));
        }

        var result = await running;
        standIn.Script(trouble.At, Behaviour.Success);
        return new Line(vendor.Name, trouble.Case, trouble.Says, result.Attempts[0].Outcome, result.MayBill.Length > 0, result.Attempts.Length > 1, result.RetryAfter?.TotalSeconds);
    }

    /// <summary>A stream that breaks in some way.</summary>
    /// <param name="silentAfter">Bytes of text after which the vendor says no more, and time passes; null for a vendor that goes on.</param>
    public async Task<Line> StreamAsync(string name, string says, Behaviour behaviour, long? silentAfter = null)
    {
        var before = standIn.Requests.Count;
        standIn.Script(null, behaviour, vendor.Stream!.ToBehaviour());
        using var relay = world.Get<ChatRelays>().Begin((_, _) => ValueTask.CompletedTask, CancellationToken.None);
        var (chosen, catalog) = Models();
        var running = world.Chain.RunAsync(
            chosen, catalog, "ann", (_, token) => world.Registry.Text(vendor.Provider)!.ForwardAsync(Call(relay), token), () => Task.FromResult(relay.MayAskAnother));
        if (silentAfter is { } bytes)
        {
            await Wait.UntilAsync(() => standIn.Requests.Count > before && relay.SentTextBytes >= bytes, "the vendor has fallen silent");
            world.Time.Advance(TimeSpan.FromMinutes(1));
        }

        var result = await running;
        var outcome = result.Attempts.Length > 1 || result.Value is null ? result.Attempts[0].Outcome : result.Value.IsPartial ? "partial" : "ok";
        return new Line(vendor.Name, name, says, outcome, result.MayBill.Length > 0 || outcome == "partial", result.Attempts.Length > 1, result.RetryAfter?.TotalSeconds);
    }

    public async ValueTask DisposeAsync()
    {
        await world.DisposeAsync();
        await standIn.DisposeAsync();
    }

    private ChatCall Call(ChatRelay relay)
    {
        var body = new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Say hello." }) };
        return new ChatCall(vendor.VendorModel, ChatBody.For(body, vendor.VendorModel, 100, stream: true), 100, InputTokens: 3) { Relay = relay };
    }

    // New models each time, so that no circuit remembers the trouble before.
    private (PricedModel Chosen, Catalog Catalog) Models()
    {
        var chosen = ProviderWorld.TextModel($"chosen-{++trials}", vendor.Provider) with { Kind = vendor.Kind };
        var second = ProviderWorld.TextModel($"second-{trials}", vendor.Provider) with { Kind = vendor.Kind };
        return (new PricedModel(chosen, chosen.Prices[0]), new Catalog([chosen, second], CatalogSource.Stored));
    }
}
