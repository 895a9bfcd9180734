using System.Globalization;
using System.Net.Http.Json;
using Azure.Data.Tables;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Notifications;
using Xunit.Abstractions;

namespace ServerlessAi.Tests.Crashes;

/// <summary>
/// The app as a process of its own, killed with SIGKILL around the delivery of a notification. Where the kill falls before the receiver has
/// it or after the mark that it was sent, it is sent once; where it falls between the two, twice, under the same id. <c>KILLS=200</c> kills as often as that.
/// </summary>
public sealed class KilledDeliveryTests(ITestOutputHelper output)
{
    private const int Seed = 43;
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 6;

    private enum Moment
    {
        BeforeDelivery,
        AtAnyTime,
        BeforeTheAnswerIsHeard,
    }

    [Fact]
    public async Task Delivery_survives_an_app_restart()
    {
        var random = new Random(Seed);
        await using var receiver = await WebhookReceiver.StartAsync();
        var settings = await SettingsAsync();
        var twice = new Dictionary<Moment, int> { [Moment.BeforeDelivery] = 0, [Moment.AtAnyTime] = 0, [Moment.BeforeTheAnswerIsHeard] = 0 };
        for (var kill = 0; kill < Kills; kill++)
        {
            var moment = (Moment)(kill % 3);
            var before = receiver.Requests.Count;
            await using (var dying = await AppProcess.StartAsync(settings))
            {
                await DieAsync(dying, receiver, string.Create(CultureInfo.InvariantCulture, $"user{kill}"), moment, random);
            }

            receiver.Script();
            await LetLeasesPassAsync(settings);
            await using var restarted = await AppProcess.StartAsync(settings);
            await Wait.UntilAsync(
                async () =>
                {
                    await DeliverAsync(restarted);
                    return await CountAsync(settings) == 0;
                },
                "all is delivered");

            var heard = receiver.Ids.Skip(before).ToList();
            Assert.Single(heard.Distinct(StringComparer.Ordinal));
            Assert.InRange(heard.Count, moment == Moment.BeforeTheAnswerIsHeard ? 2 : 1, moment == Moment.BeforeDelivery ? 1 : 2);
            twice[moment] += heard.Count - 1;
        }

        output.WriteLine($"{Kills} kills; heard twice, under the same id: {string.Join(", ", twice.Select(pair => $"{pair.Key} {pair.Value}"))}.");
    }

    private static async Task DieAsync(AppProcess app, WebhookReceiver receiver, string user, Moment moment, Random random)
    {
        await RaiseAsync(app, receiver, user);
        if (moment == Moment.BeforeTheAnswerIsHeard)
        {
            receiver.Script(new Behaviour(async (_, succeed) =>
            {
                await app.KillAsync();
                await succeed();
            }));
            await DeliverAsync(app);
            await app.Ended;
            return;
        }

        if (moment == Moment.AtAnyTime)
        {
            await DeliverAsync(app);
            await Task.Delay(random.Next(0, 150));
        }

        await app.KillAsync();
    }

    /// <summary>Spends to just below the balance that an owner is told of.</summary>
    private static async Task RaiseAsync(AppProcess app, WebhookReceiver receiver, string user)
    {
        using var wanted = await app.Http.PutAsJsonAsync($"notifications/preferences?userId={user}", new { webhookUrl = receiver.Url });
        wanted.EnsureSuccessStatusCode();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"manage/users/{user}/credits") { Headers = { Authorization = new("Bearer", TestApp.AdminKey) } };
        request.Content = JsonContent.Create(new { amount = -4.9999, kind = "adjustment", reason = "test" });
        using var taken = await app.Http.SendAsync(request);
        taken.EnsureSuccessStatusCode();
        using var spent = await app.Http.PostAsJsonAsync("complete", new { userId = user, prompt = "hello " + user, model = "OPUS_4", useCache = false });
        spent.EnsureSuccessStatusCode();
    }

    private static async Task DeliverAsync(AppProcess app)
    {
        using var accepted = await app.Http.PostAsync("/admin/functions/deliver-notifications", new StringContent("""{"input":""}"""));
        Assert.Equal(System.Net.HttpStatusCode.Accepted, accepted.StatusCode);
    }

    /// <summary>What a process that died had claimed falls due when its lease is over, which is minutes of real time: the rows are set to be there.</summary>
    private static async Task LetLeasesPassAsync(Dictionary<string, string?> settings)
    {
        var outbox = Outbox(settings);
        await foreach (var row in outbox.QueryAsync<TableEntity>("PartitionKey lt 'limit'"))
        {
            var now = TimeProvider.System.GetUtcNow();
            if (row.GetDateTimeOffset("DueAt") > now)
            {
                await outbox.UpdateEntityAsync(new TableEntity(row.PartitionKey, row.RowKey) { ["DueAt"] = now }, row.ETag, TableUpdateMode.Merge);
            }
        }
    }

    private static async Task<int> CountAsync(Dictionary<string, string?> settings) => await Outbox(settings).QueryAsync<TableEntity>("PartitionKey lt 'limit'").CountAsync();

    private static TableClient Outbox(Dictionary<string, string?> settings) => new(settings["Storage:ConnectionString"], settings["Storage:TablePrefix"] + TableNames.Outbox);

    private static async Task<Dictionary<string, string?>> SettingsAsync() => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Storage:ConnectionString"] = (await Azurite.SharedAsync()).ConnectionString,
        ["Storage:TablePrefix"] = string.Create(CultureInfo.InvariantCulture, $"told{Environment.ProcessId}"),
        ["Storage:NetworkTimeoutMs"] = "20000",
        ["Access:AdminKey"] = TestApp.AdminKey,
        ["Notifications:AllowPrivate"] = "true",
        ["Plans:Items:free:SpacingMs"] = "0",
    };
}
