using System.Diagnostics;
using System.Globalization;
using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Bench;

/// <summary>Whether a dashboard takes longer when the account's usage log is long: two accounts of one app, by turns.</summary>
internal static class DashboardBenchmark
{
    private const int Few = 100;
    private const int Many = 1_000_000;
    private const int WarmUps = 100;
    private const int Rounds = 1_000;

    public static async Task RunAsync(TextWriter output)
    {
        await using var app = await BenchApp.StartAsync(TimeSpan.Zero, connectionString: null, new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Providers:Sample:Enabled"] = "true",
        });
        using var http = new HttpClient();
        foreach (var (user, lines) in new[] { ("few", Few), ("many", Many) })
        {
            await UseAsync(http, app, user);
            await FillAsync(await app.Get<Tables>().GetAsync(TableNames.Accounts), user, lines);
        }

        var (few, many) = (new List<double>(), new List<double>());
        for (var round = -WarmUps; round < Rounds; round++)
        {
            var (one, other) = (await AskAsync(http, app, "few"), await AskAsync(http, app, "many"));
            if (round >= 0)
            {
                few.Add(one);
                many.Add(other);
            }
        }

        await output.WriteLineAsync("| usage lines | dashboard, median | 95th percentile |");
        await output.WriteLineAsync("|---|---|---|");
        await output.WriteLineAsync(Line(Few, few));
        await output.WriteLineAsync(Line(Many, many));
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"\nRatio of the medians: {Quantile(many, 0.5) / Quantile(few, 0.5):0.00}"));
    }

    private static async Task UseAsync(HttpClient http, BenchApp app, string user)
    {
        for (var i = 0; i < 20; i++)
        {
            using var content = new StringContent($$"""{"userId":"{{user}}","prompt":"Question {{i}} of {{user}}","model":"sample-text"}""", System.Text.Encoding.UTF8, "application/json");
            using var response = await http.PostAsync(new Uri(app.Address, "complete"), content);
            response.EnsureSuccessStatusCode();
        }
    }

    // Rows as lean as they may be: nobody is to read them.
    private static async Task FillAsync(TableClient client, string user, int lines)
    {
        foreach (var chunk in Enumerable.Range(0, lines).Chunk(100))
        {
            await client.SubmitTransactionAsync(chunk.Select(i => new TableTransactionAction(
                TableTransactionActionType.Add, new TableEntity(user, string.Create(CultureInfo.InvariantCulture, $"use|{i:D19}|old")) { ["Event"] = "GEN_SUCCESS" })));
        }
    }

    private static async Task<double> AskAsync(HttpClient http, BenchApp app, string user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(app.Address, "subscription/dashboard/" + user));
        var startedAt = Stopwatch.GetTimestamp();
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return Stopwatch.GetElapsedTime(startedAt).TotalMilliseconds;
    }

    private static string Line(int lines, List<double> all) =>
        string.Create(CultureInfo.InvariantCulture, $"| {lines:N0} | {Quantile(all, 0.5):0.00} ms | {Quantile(all, 0.95):0.00} ms |");

    private static double Quantile(List<double> all, double share) => all.Order().ElementAt((int)(all.Count * share));
}
