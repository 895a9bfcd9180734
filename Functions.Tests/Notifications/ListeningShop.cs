using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Functions.Timers;
using ServerlessAi.Tests.Payments;

namespace ServerlessAi.Tests.Notifications;

/// <summary>A shop whose customers listen: a receiver of webhooks, a sink for mail, and the timer that delivers.</summary>
public abstract class ListeningShop : IAsyncLifetime
{
    private protected WebhookReceiver Receiver { get; private set; } = null!;

    private protected SmtpSink Sink { get; private set; } = null!;

    private protected Shop Shop { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Receiver = await WebhookReceiver.StartAsync();
        Sink = await SmtpSink.StartAsync();
        Shop = await Shop.OpenAsync(new Dictionary<string, string?>(Sink.Settings, StringComparer.Ordinal) { ["Notifications:AllowPrivate"] = "true" });
    }

    public async Task DisposeAsync()
    {
        await Shop.DisposeAsync();
        await Sink.DisposeAsync();
        await Receiver.DisposeAsync();
    }

    private protected int Told(string kind) => Receiver.Requests.Count(request => (string?)request.Json["type"] == kind);

    private protected async Task ListenAsync(string user) =>
        Assert.Equal(200, (await Shop.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=" + user, new { webhookUrl = Receiver.Url })).Status);

    /// <summary>A minute later: what is told again would be by then.</summary>
    private protected Task DeliverAsync()
    {
        Shop.App.Clock.Advance(TimeSpan.FromMinutes(1));
        return ActivatorUtilities.CreateInstance<DeliverNotifications>(Shop.App.Services).Run(new TimerInfo(), CancellationToken.None);
    }
}
