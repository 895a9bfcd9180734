using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Stripe;
using ServerlessAi.Privacy;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Tests.Payments;

namespace ServerlessAi.Tests.Crashes;

/// <summary>
/// Does one thing again and again, each time in a shop of its own and with the mishap one request later, until it is done without one. After each mishap
/// another instance serves the client, who repeats the thing, and runs the timers; then all must be as if nothing had happened.
/// </summary>
internal sealed class DyingShop(Mishap mishap)
{
    // Longer than an agenda row that speaks of nothing lives, than a charge waits, and, twice, than a code's use without an order.
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);
    private const int Steps = 3;

    /// <param name="prepare">What is there before.</param>
    /// <param name="act">What is done, and repeated: by the client with its key, by Stripe with its event, by the platform with its timer.</param>
    /// <param name="check">What must hold in the end.</param>
    /// <returns>How many requests the thing takes.</returns>
    public async Task<int> EachTimeAsync(Func<Shop, Task> prepare, Func<Shop, TestApp, Task> act, Func<Shop, Task> check)
    {
        var ended = new List<Task>();
        for (var allowed = 0; ; allowed++)
        {
            var life = new Life(mishap, allowed);
            var shop = await Shop.OpenAsync();
            await prepare(shop);
            var mortal = await shop.OpenMortalAsync(life);
            life.Begin();
            var acting = QuietlyAsync(() => act(shop, mortal));
            await Task.WhenAny(acting, life.Over);
            var isStruck = life.IsStruck;
            try
            {
                await GoOnAsync(shop, act, check);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{life}: {exception.Message}", exception);
            }

            life.Bury();
            ended.Add(EndAsync(shop, mortal, acting));
            if (!isStruck)
            {
                await Task.WhenAll(ended);
                return allowed;
            }
        }
    }

    private static async Task GoOnAsync(Shop shop, Func<Shop, TestApp, Task> act, Func<Shop, Task> check)
    {
        await using var survivor = await shop.OpenAnotherAsync();
        // A key made from the time would be another one by now.
        shop.App.Clock.Advance(Pause);
        await act(shop, survivor);
        for (var step = 0; step < Steps; step++)
        {
            await shop.TickAsync(survivor);
            await shop.RenewAsync(survivor);
            await survivor.Get<Erasures>().FinishAllAsync(CancellationToken.None);
            shop.App.Clock.Advance(Step);
        }

        await shop.TickAsync(survivor);
        await check(shop);
        await shop.AssertConservedAsync();
        foreach (var kind in Enum.GetValues<TaskKind>().Except([TaskKind.TopUp]))
        {
            Assert.Empty(await survivor.Get<Agenda>().ReadDueAsync(kind, shop.App.Clock.GetUtcNow(), CancellationToken.None));
        }
    }

    private static async Task EndAsync(Shop shop, TestApp mortal, Task acting)
    {
        await acting;
        await mortal.DisposeAsync();
        await shop.DisposeAsync();
    }

    private static async Task QuietlyAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception)
        {
            // Whatever the one whose instance dies gets to see of it: what counts is what the others find.
        }
    }
}

internal static class MortalInstances
{
    /// <summary>Another instance on the shop's storage and gateway, which meets with a mishap.</summary>
    public static Task<TestApp> OpenMortalAsync(this Shop shop, Life life) => TestApp.StartAsync(
        new Dictionary<string, string?> { ["Storage:NetworkTimeoutMs"] = "1000", ["Payments:Stripe:TimeoutMs"] = "1000" },
        sharing: shop.App, transport: shop.Storage.Connect(life.OfStorage), connectionString: SimulatedStorage.ConnectionString,
        configure: services => services.AddHttpClient(StripeGateway.Client).AddHttpMessageHandler(life.OfGateway));
}
