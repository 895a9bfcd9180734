using System.Net.Http.Json;
using System.Text.Json;
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

namespace ServerlessAi.Tests;

/// <summary>
/// The whole app, as Program.cs builds it, on a free port against a real storage emulator. Only settings, clock and, where a test asks for it, the
/// network below the storage SDK differ from production. Each app has tables and a container of its own, unless it shares those of another.
/// </summary>
internal sealed class TestApp : IAsyncDisposable
{
    public const string AdminKey = "the-admin-key-of-tests";
    private static int count;

    private readonly IHost host;

    private TestApp(IHost host, TestClock clock, IReadOnlyDictionary<string, string?> settings)
    {
        this.host = host;
        Clock = clock;
        Settings = settings;
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Http = new HttpClient { BaseAddress = new Uri(address + "/api/"), Timeout = TimeSpan.FromSeconds(60) };
        Admin = new HttpClient { BaseAddress = Http.BaseAddress };
        Admin.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
    }

    public TestClock Clock { get; }

    public HttpClient Http { get; }

    /// <summary>Sends the admin's key.</summary>
    public HttpClient Admin { get; }

    public IReadOnlyDictionary<string, string?> Settings { get; }

    public IServiceProvider Services => host.Services;

    /// <param name="settings">Over the test defaults: no spacing between requests, timers off.</param>
    /// <param name="sharing">Another app whose storage and clock this one uses, as a second instance would.</param>
    /// <param name="configure">Adds what only a test has.</param>
    public static async Task<TestApp> StartAsync(
        IReadOnlyDictionary<string, string?>? settings = null, TestApp? sharing = null, HttpPipelineTransport? transport = null, string? connectionString = null,
        Action<IServiceCollection>? configure = null)
    {
        var id = $"t{Interlocked.Increment(ref count)}x{Environment.ProcessId}";
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Storage:ConnectionString"] = connectionString ?? (await Azurite.SharedAsync()).ConnectionString,
            ["Storage:TablePrefix"] = id,
            // A machine that is busy with other tests is no outage.
            ["Storage:NetworkTimeoutMs"] = "20000",
            ["Cache:LookupPatienceMs"] = "10000",
            ["Images:Container"] = "images-" + id,
            ["Storage:AnswersContainer"] = "answers-" + id,
            ["Storage:KeysContainer"] = "access-keys-" + id,
            ["Access:AdminKey"] = AdminKey,
            ["Plans:Items:free:SpacingMs"] = "0",
            ["Plans:Items:basic:SpacingMs"] = "0",
            ["Plans:Items:premium:SpacingMs"] = "0",
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
        foreach (var (name, value) in (sharing?.Settings ?? new Dictionary<string, string?>()).Concat(settings ?? new Dictionary<string, string?>()))
        {
            all[name] = value;
        }

        var clock = sharing?.Clock ?? new TestClock();
        var built = AppHost.Build(["--port", "0", "--no-local-settings"], builder =>
        {
            builder.Configuration.AddInMemoryCollection(all);
            var environment = all.GetValueOrDefault("Tests:Environment") ?? Environments.Development;
            builder.Services.AddSingleton<IHostEnvironment>(new HostingEnvironment { EnvironmentName = environment, ContentRootPath = AppContext.BaseDirectory });
            builder.Services.AddSingleton<TimeProvider>(clock);
            builder.Logging.ClearProviders();
            configure?.Invoke(builder.Services);
            if (transport is not null)
            {
                builder.Services.AddSingleton(provider => new StorageConnection(provider.GetRequiredService<IOptions<StorageOptions>>(), transport));
            }
        });
        await built.StartAsync();
        return new TestApp(built, clock, all);
    }

    /// <summary>The app on storage in memory, whose <see cref="SimulatedStorage.Faults"/> a test sets; another app may share it, transport and all.</summary>
    public static async Task<(TestApp App, SimulatedStorage Storage)> StartSimulatedAsync(
        IReadOnlyDictionary<string, string?>? settings = null, TestApp? sharing = null, SimulatedStorage? storage = null)
    {
        var simulated = storage ?? new SimulatedStorage(TimeProvider.System);
        return (await StartAsync(settings, sharing, simulated, SimulatedStorage.ConnectionString), simulated);
    }

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public Task<Reply> PostAsync(string path, object body, HttpClient? client = null) => SendAsync(HttpMethod.Post, path, body, client);

    public Task<Reply> GetAsync(string path, HttpClient? client = null) => SendAsync(HttpMethod.Get, path, body: null, client);

    public async Task<Reply> SendAsync(HttpMethod method, string path, object? body = null, HttpClient? client = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        change?.Invoke(request);
        using var response = await (client ?? Http).SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new Reply(
            (int)response.StatusCode,
            text.StartsWith('{') ? JsonDocument.Parse(text).RootElement : default,
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase));
    }

    public Task<Reply> ImageAsync(string user, string prompt, string? tier = null) => PostAsync("ai-preview-image", new { userId = user, prompt, tier });

    public Task<Reply> CompleteAsync(string user, string prompt, string? model = "OPUS_4", int? maxTokens = null) =>
        PostAsync("complete", new { userId = user, prompt, model, maxTokens });

    public async Task<Reply> GiveAsync(string user, decimal credits, string kind = "purchase")
    {
        var reply = await PostAsync($"manage/users/{Uri.EscapeDataString(user)}/credits", new { amount = credits, kind, reason = "test" }, Admin);
        Assert.Equal(200, reply.Status);
        return reply;
    }

    public async Task<Reply> SubscribeAsync(string user, string plan, DateTimeOffset? until = null)
    {
        var reply = await SendAsync(HttpMethod.Put, $"manage/users/{Uri.EscapeDataString(user)}/subscription", new { is_active = true, plan, expiry_date = until }, Admin);
        Assert.Equal(200, reply.Status);
        return reply;
    }

    /// <summary>Stops as the platform does; storage and clock can be shared with another app afterwards.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => host.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Admin.Dispose();
        await host.StopAsync();
        host.Dispose();
    }
}

/// <summary>An answer, read to its end.</summary>
internal sealed record Reply(int Status, JsonElement Body, IReadOnlyDictionary<string, string> Headers)
{
    public string? Code => Text("code");

    public string? Text(string name) => Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(name, out var value) ? value.ToString() : null;

    public decimal Number(string name) => Body.GetProperty(name).GetDecimal();

    public bool Flag(string name) => Body.GetProperty(name).GetBoolean();

    public JsonElement Receipt => Body.GetProperty("receipt");
}
