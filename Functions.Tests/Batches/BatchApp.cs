using System.Net.Http.Json;
using System.Text.Json;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Batches;

/// <summary>The answer to a batch, down to its bytes.</summary>
internal sealed record BatchReply(int Status, string Text, bool IsReplayed)
{
    private JsonElement Body => JsonDocument.Parse(Text).RootElement;

    public string? Code => Body.TryGetProperty("code", out var code) ? code.GetString() : null;

    public bool IsComplete => Body.GetProperty("complete").GetBoolean();

    public decimal Charged => Body.GetProperty("creditsCharged").GetDecimal();

    public (int Succeeded, int Failed) Counts => (Body.GetProperty("succeeded").GetInt32(), Body.GetProperty("failed").GetInt32());

    public IReadOnlyList<JsonElement> Results => [.. Body.GetProperty("results").EnumerateArray()];

    public IEnumerable<int> Statuses => Results.Select(result => result.GetProperty("status").GetInt32());

    public JsonElement Result(int index) => Results[index].GetProperty("result");

    public JsonElement Error(int index) => Results[index].GetProperty("error");

    public string? CodeOf(int index) => Error(index).GetProperty("code").GetString();
}

/// <summary>The app over OpenAI's stand-in, and ann's batches.</summary>
internal sealed class BatchApp : IAsyncDisposable
{
    public const string Slow = "openai-gpt-4.1";
    public const string Fast = "openai-gpt-4.1-mini";
    private readonly bool ownsVendor;

    private BatchApp(TestApp app, OpenAIStandIn vendor, bool ownsVendor) => (App, Vendor, this.ownsVendor) = (app, vendor, ownsVendor);

    public TestApp App { get; }

    public OpenAIStandIn Vendor { get; }

    public static async Task<BatchApp> OpenAsync(params (string Name, string Value)[] settings)
    {
        var vendor = await OpenAIStandIn.StartAsync();
        var all = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = vendor.V1,
            ["Plans:Items:free:RequestsPerMinute"] = "0",
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return new BatchApp(await TestApp.StartAsync(all), vendor, ownsVendor: true);
    }

    /// <summary>Another instance on the same storage, clock and vendor.</summary>
    public async Task<BatchApp> AnotherAsync() => new(await TestApp.StartAsync(sharing: App), Vendor, ownsVendor: false);

    public static object Text(string prompt, string model = Fast) => new { prompt, model, maxTokens = 50 };

    public Task<BatchReply> SendAsync(params object?[] items) => PostAsync(new { userId = "ann", items });

    public Task<BatchReply> SendKeyedAsync(string key, params object?[] items) => PostAsync(new { userId = "ann", items }, key);

    public async Task<BatchReply> PostAsync(object body, string? key = null, CancellationToken leaving = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "batch") { Content = JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var response = await App.Http.SendAsync(request, leaving);
        return new BatchReply((int)response.StatusCode, await response.Content.ReadAsStringAsync(leaving), response.Headers.Contains("Idempotent-Replayed"));
    }

    public Task AskedAsync(int times) => Wait.UntilAsync(() => Vendor.Requests.Count == times, $"the vendor was asked {times} times");

    /// <summary>Waits until ann has so many holds.</summary>
    public Task HoldsAsync(int count) => Wait.UntilAsync(async () => (await App.Get<AccountStore>().ReadStoredAsync("ann"))?.Holds.Length == count, $"ann has {count} holds");

    public async Task<IReadOnlyList<JsonElement>> ChargesAsync() =>
        [.. (await App.GetAsync("credits/history?userId=ann&limit=200")).Body.GetProperty("entries").EnumerateArray().Where(entry => entry.GetProperty("kind").GetString() == "charge")];

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        if (ownsVendor)
        {
            await Vendor.DisposeAsync();
        }
    }
}

/// <summary>Counts how many calls a vendor has at once.</summary>
internal sealed class Gauge
{
    private int present;
    private int most;

    public int Most => Volatile.Read(ref most);

    /// <param name="at">So many must be there before any goes on, as long as fewer have never been enough.</param>
    public Behaviour Behaviour(int at)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new Behaviour(async (context, succeed) =>
        {
            var now = Interlocked.Increment(ref present);
            InterlockedMax(now);
            if (now >= at)
            {
                reached.TrySetResult();
            }

            await reached.Task.WaitAsync(context.RequestAborted);
            Interlocked.Decrement(ref present);
            await succeed();
        });
    }

    private void InterlockedMax(int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }
}
