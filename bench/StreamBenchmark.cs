using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Bench;

/// <summary>
/// What a streamed chat completion loses by going through the gateway: the same requests to a stand-in of OpenAI, which pauses before each token, directly
/// and through the app, by turns.
/// </summary>
internal static class StreamBenchmark
{
    private const int WarmUps = 30;
    private const int Rounds = 300;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <param name="FirstMs">Until the first event.</param>
    /// <param name="LastMs">Until the end.</param>
    /// <param name="Bunched">Share of events that came with the one before them, in less than a quarter of the pause: what a buffer does.</param>
    private sealed record Seen(double FirstMs, double LastMs, double Bunched);

    /// <param name="connectionString">Of real storage, or an emulator; null measures over storage in this process.</param>
    public static async Task RunAsync(TextWriter output, string? connectionString)
    {
        await output.WriteLineAsync($"{Rounds} streams each way, {Pause.TotalMilliseconds} ms before each token; medians, and the 95th percentile in brackets.\n");
        await output.WriteLineAsync("| storage takes | cache | first byte, direct | through the app | ratio | whole stream, direct | through the app | bunched events |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|");
        foreach (var storageMs in connectionString is null ? new double?[] { 0, 5 } : [null])
        {
            foreach (var useCache in new[] { false, true })
            {
                await output.WriteLineAsync(await MeasureAsync(storageMs, connectionString, useCache));
            }
        }
    }

    private static async Task<string> MeasureAsync(double? storageMs, string? connectionString, bool useCache)
    {
        await using var vendor = await OpenAIStandIn.StartAsync();
        vendor.Pace = (_, token) => Task.Delay(Pause, token);
        vendor.Text = "One two three four five six seven eight nine ten.";
        await using var app = await BenchApp.StartAsync(TimeSpan.FromMilliseconds(storageMs ?? 0), connectionString, new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
            ["Providers:OpenAI:BaseUrl"] = vendor.V1,
        });
        using var http = new HttpClient();
        var (direct, through) = (new List<Seen>(), new List<Seen>());
        for (var round = -WarmUps; round < Rounds; round++)
        {
            var one = await AskAsync(http, new Uri(vendor.V1 + "/chat/completions"), "gpt-4.1", round, useCache);
            var other = await AskAsync(http, new Uri(app.Address, "v1/chat/completions"), "openai-gpt-4.1", round, useCache);
            if (round >= 0)
            {
                direct.Add(one);
                through.Add(other);
            }
        }

        var ratio = Quantile(through, seen => seen.FirstMs, 0.5) / Quantile(direct, seen => seen.FirstMs, 0.5);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {(storageMs is null ? "as it does" : $"{storageMs} ms")} | {(useCache ? "on" : "off")} | {Show(direct, seen => seen.FirstMs)} | {Show(through, seen => seen.FirstMs)} | {ratio:0.00} | {Show(direct, seen => seen.LastMs)} | {Show(through, seen => seen.LastMs)} | {through.Average(seen => seen.Bunched):P1} ({direct.Average(seen => seen.Bunched):P1} direct) |");
    }

    private static async Task<Seen> AskAsync(HttpClient http, Uri address, string model, int round, bool useCache)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = JsonContent.Create(new { model, stream = true, messages = new[] { new { role = "user", content = string.Create(CultureInfo.InvariantCulture, $"Question {round}") } } }),
        };
        request.Headers.Authorization = model.StartsWith("openai-", StringComparison.Ordinal) ? null : new("Bearer", OpenAIStandIn.ApiKey);
        request.Headers.Add("x-user-id", "ann");
        request.Headers.Add("x-use-cache", useCache ? "true" : "false");
        var startedAt = Stopwatch.GetTimestamp();
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var at = new List<double>();
        while (await reader.ReadLineAsync() is { } line)
        {
            // What comes after the last word says what the answer cost; the vendor's own last words come at once, too.
            if (line.Contains("\"content\"", StringComparison.Ordinal))
            {
                at.Add(Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds);
            }
        }

        var bunched = at.Zip(at.Skip(1)).Count(pair => pair.Second - pair.First < Pause.TotalMilliseconds / 4);
        return new Seen(at[0], Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds, bunched / (double)(at.Count - 1));
    }

    private static string Show(List<Seen> all, Func<Seen, double> of) =>
        string.Create(CultureInfo.InvariantCulture, $"{Quantile(all, of, 0.5):0.0} ms ({Quantile(all, of, 0.95):0.0})");

    private static double Quantile(List<Seen> all, Func<Seen, double> of, double share) => all.Select(of).Order().ElementAt((int)(all.Count * share));
}
