using Azure.Data.Tables;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Accounts;
using ServerlessAi.Functions.Timers;
using ServerlessAi.Notifications;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Notifications;

/// <summary>The app with storage in memory and a receiver of webhooks, and what tests do with both.</summary>
internal sealed class NotifyWorld : IAsyncDisposable
{
    private NotifyWorld(TestApp app, SimulatedStorage storage, WebhookReceiver receiver) => (App, Storage, Receiver) = (app, storage, receiver);

    public TestApp App { get; }

    public SimulatedStorage Storage { get; }

    public WebhookReceiver Receiver { get; }

    public static async Task<NotifyWorld> StartAsync(IReadOnlyDictionary<string, string?>? settings = null, Action<IServiceCollection>? configure = null)
    {
        var receiver = await WebhookReceiver.StartAsync();
        var storage = new SimulatedStorage(TimeProvider.System, new SimulatedStorageOptions(PageLimit: 3, EmptyPages: true));
        var all = new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>(), StringComparer.OrdinalIgnoreCase);
        all.TryAdd("Notifications:AllowPrivate", "true");
        var app = await TestApp.StartAsync(all, transport: storage, connectionString: SimulatedStorage.ConnectionString, configure: configure);
        return new NotifyWorld(app, storage, receiver);
    }

    /// <summary>Another instance, on the same storage and clock.</summary>
    public Task<TestApp> AnotherAsync(Action<IServiceCollection>? configure = null) =>
        TestApp.StartAsync(sharing: App, transport: Storage, connectionString: SimulatedStorage.ConnectionString, configure: configure);

    public static AlertRecord Alert(TestApp app, long level = 80, string subject = "calls.gemini") => new(AlertKind.Limit, "204005", subject, level, app.Clock.GetUtcNow())
    {
        Used = level,
        Limit = 100,
        Unit = "calls",
        Plan = "free",
    };

    /// <summary>As the decider's transaction writes it.</summary>
    public static async Task RaiseAsync(TestApp app, string user, AlertRecord alert)
    {
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        await client.SubmitTransactionAsync(AlertRows.ToEntities(AccountRows.Partition(user), alert).Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
    }

    /// <summary>An alert as it is told of: the intent, then the row.</summary>
    public async Task<AlertRecord> TellAsync(string user, long level = 80)
    {
        var alert = Alert(App, level);
        await App.Get<Outbox>().EnlistAsync(user, [alert], App.Clock.GetUtcNow());
        await RaiseAsync(App, user, alert);
        return alert;
    }

    /// <returns>The webhook's secret.</returns>
    public async Task<string> HookAsync(string user, string? url = null)
    {
        var reply = await App.SendAsync(HttpMethod.Put, $"notifications/preferences?userId={user}", new { webhookUrl = url ?? Receiver.Url });
        Assert.Equal(200, reply.Status);
        return reply.Text("webhookSecret")!;
    }

    public Task RunAsync(TestApp? app = null) => ActivatorUtilities.CreateInstance<DeliverNotifications>((app ?? App).Services).Run(new TimerInfo(), CancellationToken.None);

    /// <summary>Runs the timer each minute.</summary>
    public async Task RunForAsync(TimeSpan time, TimeSpan? step = null)
    {
        for (var end = App.Clock.GetUtcNow() + time; App.Clock.GetUtcNow() < end;)
        {
            App.Clock.Advance(step ?? TimeSpan.FromMinutes(1));
            await RunAsync();
        }
    }

    public async Task<List<TableEntity>> OutboxAsync()
    {
        var client = await App.Get<Tables>().GetAsync(TableNames.Outbox);
        return await client.QueryAsync<TableEntity>("PartitionKey lt 'limit'").ToListAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
