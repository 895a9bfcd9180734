using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Functions;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Bench;

/// <summary>The whole app on a free port, over storage in this process that takes as long as it is told to, or over real storage.</summary>
internal sealed class BenchApp : IAsyncDisposable
{
    private readonly IHost host;

    private BenchApp(IHost host) => this.host = host;

    public Uri Address => new(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/api/");

    public static async Task<BenchApp> StartAsync(TimeSpan storageTakes, string? connectionString, Dictionary<string, string?> settings)
    {
        settings["Storage:ConnectionString"] = connectionString ?? SimulatedStorage.ConnectionString;
        settings["Storage:TablePrefix"] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"bench{System.Diagnostics.Stopwatch.GetTimestamp()}");
        settings["Plans:Items:free:SpacingMs"] = "0";
        settings["Plans:Items:free:RequestsPerMinute"] = "0";
        settings["Plans:Items:free:TokensPerDay"] = "1000000000";
        settings["Credits:SignUp"] = "100000";
        var app = AppHost.Build(["--port", "0", "--no-local-settings"], builder =>
        {
            builder.Configuration.AddInMemoryCollection(settings);
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<IHostEnvironment>(new HostingEnvironment { EnvironmentName = Environments.Development, ContentRootPath = AppContext.BaseDirectory });
            if (connectionString is null)
            {
                builder.Services.AddSingleton(services => new StorageConnection(
                    services.GetRequiredService<IOptions<StorageOptions>>(), new Slow(new SimulatedStorage(TimeProvider.System), storageTakes)));
            }
        });
        await app.StartAsync();
        return new BenchApp(app);
    }

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private sealed class Slow(SimulatedStorage storage, TimeSpan takes) : HttpPipelineTransport
    {
        public override Request CreateRequest() => storage.CreateRequest();

        /// <exception cref="NotSupportedException">Always.</exception>
        public override void Process(HttpMessage message) => throw new NotSupportedException("Storage is used asynchronously.");

        public override async ValueTask ProcessAsync(HttpMessage message)
        {
            if (takes > TimeSpan.Zero)
            {
                await Task.Delay(takes, message.CancellationToken);
            }

            await storage.ProcessAsync(message);
        }
    }
}
