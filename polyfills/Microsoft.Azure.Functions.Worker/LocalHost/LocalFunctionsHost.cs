using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>The host that Build returns: refuses what must not start, says what it serves.</summary>
internal sealed class LocalFunctionsHost(WebApplication app, bool servesHttp, bool ownsProcess) : IHost, IAsyncDisposable
{
    public IServiceProvider Services => app.Services;

    public Task StartAsync(CancellationToken cancellationToken = default) =>
        StartRefusal.GuardAsync(ownsProcess, () => StartCheckedAsync(cancellationToken));

    public Task StopAsync(CancellationToken cancellationToken = default) => app.StopAsync(cancellationToken);

    public void Dispose() => ((IDisposable)app).Dispose();

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task StartCheckedAsync(CancellationToken cancellationToken)
    {
        var runtime = Services.GetRequiredService<LocalRuntime>();
        if (!servesHttp && runtime.Found.Functions.Any(f => f.Http is not null))
        {
            throw new LocalHostException("The app has HTTP functions. Call builder.ConfigureFunctionsWebApplication() before Build().");
        }

        var port = runtime.Settings.Port;
        RefuseBusyPort(port);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException busy) when (busy.InnerException is AddressInUseException)
        {
            throw Busy(port, busy);
        }

        var address = Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        runtime.LogFunctions(Services.GetRequiredService<ILoggerFactory>().CreateLogger("LocalHost"), address);
    }

    /// <summary>Asked first, because a web server that fails to bind logs its stack trace.</summary>
    private static void RefuseBusyPort(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
        }
        catch (SocketException refused)
        {
            throw refused.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? Busy(port, refused)
                : new LocalHostException($"Port {port} cannot be used: {refused.Message}. Choose another with --port.", refused);
        }
    }

    private static LocalHostException Busy(int port, Exception cause) => new($"Port {port} is already in use. Choose another with --port.", cause);
}
