using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using Xunit.Abstractions;

namespace ServerlessAi.Tests.Crashes;

/// <summary>
/// Two instances of the app as it is shipped, under load, on a real storage emulator, killed with SIGKILL again and again, at named points and at any.
/// <c>KILLS=200</c> kills as often as docs/reliability.md reports.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Seed = 20_401;
    private const int HoldSeconds = 10;
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 12;

    [Fact]
    public async Task Wherever_an_instance_dies_nothing_is_charged_twice_and_nothing_goes_unrecorded()
    {
        await using var vendor = await OpenAIStandIn.StartAsync();
        // Long enough to die in the middle of.
        vendor.Pace = (_, token) => Task.Delay(TimeSpan.FromMilliseconds(20), token);
        var settings = await SettingsAsync(vendor);
        await using var one = new CrashSlot(settings);
        await using var two = new CrashSlot(settings);
        await using var auditor = await AppProcess.StartAsync(settings);
        await GiveCreditsAsync(auditor);
        using var load = new Load([one, two]);
        using var stop = new CancellationTokenSource();
        var asking = load.RunAsync(stop.Token);
        var places = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await Task.WhenAll(LiveAndDieAsync(one, new Random(Seed)), LiveAndDieAsync(two, new Random(Seed + 1)));
        await stop.CancelAsync();
        await asking;

        output.WriteLine($"{Kills} kills: {string.Join(", ", places.OrderBy(place => place.Key, StringComparer.Ordinal).Select(place => $"{place.Key} {place.Value}"))}. {load.Requests.Count} requests, {vendor.Requests.Count} provider calls.");
        await LetHoldsLapseAsync(auditor);
        await AssertEveryAnswerIsChargedOnceAsync(settings, load, vendor);

        async Task LiveAndDieAsync(CrashSlot slot, Random random)
        {
            for (var deaths = 0; deaths < Kills / 2; deaths++)
            {
                await slot.StartAsync(random, mayCrash: true);
                places.AddOrUpdate(await slot.DieAsync(random), 1, (_, sum) => sum + 1);
                await load.PauseAsync(() => AssertConservedAsync(auditor));
            }

            await slot.StartAsync(random, mayCrash: false);
        }
    }

    private static async Task<Dictionary<string, string?>> SettingsAsync(OpenAIStandIn vendor) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Storage:ConnectionString"] = (await Azurite.SharedAsync()).ConnectionString,
        ["Storage:TablePrefix"] = string.Create(CultureInfo.InvariantCulture, $"crash{Environment.ProcessId}"),
        ["Storage:NetworkTimeoutMs"] = "20000",
        ["Access:AdminKey"] = TestApp.AdminKey,
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = vendor.V1,
        ["Credits:HoldSeconds"] = HoldSeconds.ToString(CultureInfo.InvariantCulture),
        ["Plans:Items:free:SpacingMs"] = "0",
        ["Plans:Items:free:RequestsPerMinute"] = "0",
        ["Plans:Items:free:ConcurrentJobs"] = "100",
        ["Plans:Items:free:TokensPerDay"] = "100000000",
        ["Gateway:CallerBurst"] = "100000",
    };

    private static async Task GiveCreditsAsync(AppProcess instance)
    {
        foreach (var user in Load.UserNames)
        {
            await AskAdminAsync(instance, HttpMethod.Post, $"manage/users/{user}/credits", """{ "amount": 100000, "kind": "purchase", "reason": "load" }""");
        }
    }

    /// <summary>The app's own proof, read by an instance that serves nobody else.</summary>
    private static async Task AssertConservedAsync(AppProcess instance)
    {
        var audit = await AskAdminAsync(instance, HttpMethod.Get, "manage/audit", body: null);
        Assert.True(audit.GetProperty("conserved").GetBoolean(), audit.ToString());
    }

    private static async Task LetHoldsLapseAsync(AppProcess instance)
    {
        await Task.Delay(TimeSpan.FromSeconds(HoldSeconds + 1));
        using var sweep = await instance.Http.PostAsync("/admin/functions/sweep-holds", new StringContent("""{"input":""}"""));
        await Wait.UntilAsync(
            async () => (await AskAdminAsync(instance, HttpMethod.Get, "manage/audit", body: null)).GetProperty("openHolds").GetInt32() == 0, "lapsed holds are swept");
        await AssertConservedAsync(instance);
    }

    private static async Task<JsonElement> AskAdminAsync(AppProcess instance, HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new("Bearer", TestApp.AdminKey) } };
        request.Content = body is null ? null : new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await instance.Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static async Task AssertEveryAnswerIsChargedOnceAsync(Dictionary<string, string?> settings, Load load, OpenAIStandIn vendor)
    {
        var table = new TableClient(settings["Storage:ConnectionString"], settings["Storage:TablePrefix"] + TableNames.Accounts);
        var holds = new List<HoldRecord>();
        foreach (var user in Load.UserNames)
        {
            var rows = table.QueryAsync<TableEntity>(row => row.PartitionKey == user && row.RowKey.CompareTo("hold|") >= 0 && row.RowKey.CompareTo("hold}") < 0);
            holds.AddRange(await rows.Select(AccountRows.ToHold).ToListAsync());
        }

        var charged = holds.Where(hold => hold.Status == HoldStatus.Settled).ToLookup(hold => hold.Hold.Claim!.KeyHash);
        Assert.All(charged, key => Assert.Single(key));
        Assert.All(load.Requests, request => Assert.True(request.Answers.Distinct(StringComparer.Ordinal).Count() <= 1, $"{request} got different answers: {string.Join(" | ", request.Answers)}"));
        var answered = load.Requests.Count(request => !request.Answers.IsEmpty);
        Assert.Equal(answered, charged.Count);
        // What the vendor did is charged, or stands in the books as a cost whose answer died with its instance.
        var recorded = holds.Count(hold => hold.Status == HoldStatus.Expired && hold.CostNanoUsd > 0);
        Assert.InRange(vendor.Requests.Count, charged.Count, charged.Count + recorded);
    }
}
