using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Functions;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>
/// The whole app, as Program.cs builds it, on one machine of the world. Its web server hands requests over in memory; its storage, its providers, its
/// clock and its source of ids are the world's. All else is as in production.
/// </summary>
internal sealed class Instance : IAsyncDisposable
{
    public const string AdminKey = "the-admin-key-of-this-world";

    private readonly IHost host;
    private readonly HttpClient http;

    private Instance(IHost host, Machine machine)
    {
        this.host = host;
        Machine = machine;
        http = ((TestServer)host.Services.GetRequiredService<IServer>()).CreateClient();
        http.Timeout = Timeout.InfiniteTimeSpan;
        http.BaseAddress = new Uri("http://app.example/");
    }

    public Machine Machine { get; }

    public static async Task<Instance> StartAsync(World world, Machine machine)
    {
        var link = new NetworkLink(world.Storage, world.Time, world.Random($"network {machine.Number}"), machine);
        var app = AppHost.Build(["--port", "0", "--no-local-settings"], builder =>
        {
            builder.Configuration.AddInMemoryCollection(Settings(world.Plan));
            builder.Logging.ClearProviders().AddProvider(new MachineLog(world, machine));
            builder.Services.AddSingleton<IHostEnvironment>(new HostingEnvironment { EnvironmentName = Environments.Development, ContentRootPath = AppContext.BaseDirectory });
            builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
            builder.Services.AddSingleton<IServer>(services => new TestServer(services, Features(), Options.Create(new TestServerOptions { PreserveExecutionContext = true })));
            builder.Services.AddSingleton<TimeProvider>(machine.Clock);
            builder.Services.AddSingleton<IIdSource>(new SeededIds(world.Random($"ids {machine.Number}")));
            builder.Services.AddSingleton<IHttpClientFactory>(new Internet(world, machine));
            builder.Services.AddSingleton(services => new StorageConnection(services.GetRequiredService<IOptions<StorageOptions>>(), link));
        });
        await app.StartAsync();
        return new Instance(app, machine);
    }

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <returns>Null when the connection broke before the answer was complete, or the sender left.</returns>
    public async Task<Reply?> SendAsync(Exchange exchange, CancellationToken leaving)
    {
        try
        {
            var answer = AskAsync(exchange, leaving);
            return await Task.WhenAny(answer, Machine.Death) == answer && Machine.IsAlive ? await answer : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Stops as a platform stops an instance: it may finish what it has begun.</summary>
    public async Task StopAsync()
    {
        await Task.WhenAny(host.StopAsync(), Machine.Death);
        Machine.Die();
    }

    /// <summary>Frees what the process keeps for a machine that is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    private async Task<Reply> AskAsync(Exchange exchange, CancellationToken leaving)
    {
        using var request = new HttpRequestMessage(new HttpMethod(exchange.Method), exchange.Path);
        foreach (var (name, value) in exchange.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (exchange.Body is { } body)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await http.SendAsync(request, leaving);
        var text = await response.Content.ReadAsStringAsync(leaving);
        var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        return new Reply((int)response.StatusCode, text, headers);
    }

    private static Dictionary<string, string?> Settings(WorldPlan plan) => new(plan.Settings, StringComparer.OrdinalIgnoreCase)
    {
        ["Storage:ConnectionString"] = SimulatedStorage.ConnectionString,
        // The world's own network times requests out; this is for real time, which plays no part.
        ["Storage:NetworkTimeoutMs"] = "60000",
        ["Access:AdminKey"] = AdminKey,
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = VendorRow.OpenAIAddress,
        ["Providers:Fal:ApiKey"] = FalStandIn.ApiKey,
        ["Providers:Fal:BaseUrl"] = VendorRow.FalAddress,
        ["Providers:Tavily:ApiKey"] = TavilyStandIn.ApiKey,
        ["Providers:Tavily:BaseUrl"] = VendorRow.TavilyAddress,
        ["Providers:Exa:ApiKey"] = ExaStandIn.ApiKey,
        ["Providers:Exa:BaseUrl"] = VendorRow.ExaAddress,
        ["Payments:Gateway"] = plan.TakesStripe ? "stripe" : "simulated",
        ["Payments:Stripe:SecretKey"] = StripeStandIn.SecretKey,
        ["Payments:Stripe:WebhookSecret"] = StripeStandIn.WebhookSecret,
        ["Payments:Stripe:BaseUrl"] = StripeTill.Address,
        // Timers run when the world says so.
        ["AzureWebJobs.reset-quotas.Disabled"] = "true",
        ["AzureWebJobs.sweep-holds.Disabled"] = "true",
        ["AzureWebJobs.reconcile-spend.Disabled"] = "true",
        ["AzureWebJobs.warm-cache.Disabled"] = "true",
        ["AzureWebJobs.erase-accounts.Disabled"] = "true",
        ["AzureWebJobs.deliver-notifications.Disabled"] = "true",
        ["AzureWebJobs.weekly-summary.Disabled"] = "true",
        ["AzureWebJobs.settle-orders.Disabled"] = "true",
        ["AzureWebJobs.renew-subscriptions.Disabled"] = "true",
    };

    private static FeatureCollection Features()
    {
        var features = new FeatureCollection();
        features.Set<IServerAddressesFeature>(new Address());
        return features;
    }

    private sealed class Address : IServerAddressesFeature
    {
        public ICollection<string> Addresses { get; } = ["http://app.example"];

        public bool PreferHostingUrls { get; set; }
    }

    /// <summary>Nobody presses Ctrl-C in a simulated world.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
