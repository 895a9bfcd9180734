using ServerlessAi.Notifications;
using ServerlessAi.Payments.Stripe;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>Gives the app on a machine its clients: each leads to whom it would lead to outside, in the same world. They time out by the world's time alone.</summary>
internal sealed class Internet(World world, Machine machine) : IHttpClientFactory
{
    public HttpClient CreateClient(string name) => new(HandlerOf(name), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };

    private HttpMessageHandler HandlerOf(string name) => name switch
    {
        StripeGateway.Client => world.Stripe!.HandlerOf(machine),
        WebhookHttp.Client => world.Letterbox.HandlerOf(machine),
        _ => world.Vendors.HandlerOf(machine),
    };
}
