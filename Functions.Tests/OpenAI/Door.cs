using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

/// <summary>The app behind its OpenAI-compatible routes, over the stand-in or the sample.</summary>
internal sealed class Door : IAsyncDisposable
{
    private Door(TestApp app, OpenAIStandIn vendor) => (App, Vendor) = (app, vendor);

    public TestApp App { get; }

    public OpenAIStandIn Vendor { get; }

    public static async Task<Door> OpenAsync(params (string Name, string Value)[] settings)
    {
        var vendor = await OpenAIStandIn.StartAsync();
        var all = new Dictionary<string, string?>
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = vendor.V1,
        };
        foreach (var (name, value) in settings)
        {
            all[name] = value;
        }

        return new Door(await TestApp.StartAsync(all), vendor);
    }

    public static JsonObject Chat(string text = "hello", string model = "openai-gpt-4.1", bool stream = false)
    {
        var body = new JsonObject { ["model"] = model, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }) };
        if (stream)
        {
            body["stream"] = true;
        }

        return body;
    }

    public Task<Reply> ChatAsync(JsonObject body, Action<HttpRequestMessage>? change = null) => App.SendAsync(HttpMethod.Post, "v1/chat/completions", body, change: request =>
    {
        request.Headers.Add("x-user-id", "ann");
        change?.Invoke(request);
    });

    /// <summary>Opens a stream; its events are read one by one.</summary>
    public async Task<Stream> StreamAsync(JsonObject body, CancellationToken cancellationToken = default, string? key = null, string route = "v1/chat/completions")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = JsonContent.Create(body) };
        request.Headers.Add("x-user-id", "ann");
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return new Stream(await App.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken));
    }

    /// <summary>Credits and held credits of ann.</summary>
    public async Task<(decimal Credits, decimal Held)> CreditsAsync()
    {
        var reply = await App.GetAsync("credits?userId=ann");
        return (reply.Number("credits"), reply.Number("heldCredits"));
    }

    /// <summary>The last charge of ann, in the credits history; null when there is none.</summary>
    public async Task<System.Text.Json.JsonElement?> ChargeAsync()
    {
        var entry = (await App.GetAsync("credits/history?userId=ann")).Body.GetProperty("entries")[0];
        return entry.GetProperty("kind").GetString() == "charge" ? entry : null;
    }

    /// <summary>Waits until nothing is held for ann: whatever became of her request has been settled.</summary>
    public Task SettledAsync() => Wait.UntilAsync(async () => (await App.Get<ServerlessAi.Accounts.AccountStore>().ReadStoredAsync("ann"))?.Holds.Length == 0, "the hold was ended");

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Vendor.DisposeAsync();
    }

    /// <summary>A streamed answer.</summary>
    internal sealed class Stream(HttpResponseMessage response) : IDisposable
    {
        private StreamReader? reader;

        public int Status => (int)response.StatusCode;

        public string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(',', values)
            : response.Content.Headers.TryGetValues(name, out var more) ? string.Join(',', more) : null;

        public Task<string> BodyAsync() => response.Content.ReadAsStringAsync();

        /// <returns>The next event's data; null at the end.</returns>
        public async Task<string?> NextAsync()
        {
            reader ??= new StreamReader(await response.Content.ReadAsStreamAsync(), Encoding.UTF8);
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    return line[6..];
                }
            }

            return null;
        }

        public async Task<List<string>> RestAsync()
        {
            var rest = new List<string>();
            while (await NextAsync() is { } data)
            {
                rest.Add(data);
            }

            return rest;
        }

        public void Dispose()
        {
            reader?.Dispose();
            response.Dispose();
        }
    }
}
