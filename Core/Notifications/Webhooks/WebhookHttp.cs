using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Notifications;

/// <summary>Finds the addresses of a host; tests have their own.</summary>
internal delegate Task<IPAddress[]> HostLookup(string host, CancellationToken cancellationToken);

/// <summary>
/// How webhooks are reached: users choose where, so nothing that only this machine can reach may be reached through it. The address that is connected to is
/// the one that was checked: a name that answers differently the second time gains nothing. No redirects, no proxy, no cookies.
/// </summary>
internal static class WebhookHttp
{
    /// <summary>Name of the client at the <see cref="IHttpClientFactory"/>.</summary>
    public const string Client = "webhooks";

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(1);
    private const int HeadersLimitKilobytes = 16;

    public static IServiceCollection AddWebhookHttp(this IServiceCollection services)
    {
        services.AddHttpClient(Client, client => client.Timeout = Timeout.InfiniteTimeSpan) // The sender sets the time.
            .UseSocketsHttpHandler((handler, provider) =>
            {
                var lookup = provider.GetService<HostLookup>() ?? Dns.GetHostAddressesAsync;
                var allowPrivate = provider.GetRequiredService<IOptions<NotificationOptions>>().Value.AllowPrivate;
                handler.ConnectTimeout = ConnectTimeout;
                handler.PooledConnectionLifetime = ConnectionLife;
                handler.AllowAutoRedirect = false;
                handler.UseProxy = false;
                handler.UseCookies = false;
                handler.MaxResponseHeadersLength = HeadersLimitKilobytes;
                // Whoever runs the receiver learns nothing of our traces.
                handler.ActivityHeadersPropagator = null;
                handler.ConnectCallback = async (context, token) => await ConnectAsync(context.DnsEndPoint, lookup, allowPrivate, token);
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // The factory's own log lines name the URLs, and those can hold secrets.
            .RemoveAllLoggers();
        return services;
    }

    /// <exception cref="ForbiddenAddressException">The host has no address that webhooks may go to.</exception>
    private static async Task<Stream> ConnectAsync(DnsEndPoint host, HostLookup lookup, bool allowPrivate, CancellationToken cancellationToken)
    {
        var found = IPAddress.TryParse(host.Host, out var literal) ? [literal] : await lookup(host.Host, cancellationToken);
        var allowed = allowPrivate ? found : Array.FindAll(found, PublicAddresses.Contains);
        if (allowed.Length == 0)
        {
            throw new ForbiddenAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ArgumentException)
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>A webhook's host leads to none of the public internet's addresses.</summary>
internal sealed class ForbiddenAddressException() : HttpRequestException("The host has no address that webhooks may go to.");
