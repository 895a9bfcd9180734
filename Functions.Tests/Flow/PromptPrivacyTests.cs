using System.Collections.Concurrent;
using System.Text;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>Prompts are not stored unless that is enabled, which is what keeping popular answers warm needs.</summary>
public sealed class PromptPrivacyTests
{
    private const string Secret = "quokkaquokka";

    [Theory]
    [InlineData(null, false)]
    [InlineData("1", true)]
    public async Task Nothing_that_is_written_to_storage_holds_a_prompt_unless_that_is_enabled(string? warmMonthlyUsd, bool mayBeStored)
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        await using var tavily = await TavilyStandIn.StartAsync();
        var written = new ConcurrentQueue<string>();
        var transport = new FaultyTransport(new SimulatedStorage(TimeProvider.System)) { Meanwhile = request => RecordAsync(request, written) };
        await using var app = await TestApp.StartAsync(
            new Dictionary<string, string?>
            {
                ["Cache:WarmMonthlyUsd"] = warmMonthlyUsd,
                ["Plans:Items:free:SpacingMs"] = "0",
                ["Plans:Items:free:ConcurrentJobs"] = "5",
                ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
                ["Providers:OpenAI:BaseUrl"] = openAI.V1,
                ["Providers:Tavily:ApiKey"] = TavilyStandIn.ApiKey,
                ["Providers:Tavily:BaseUrl"] = tavily.BaseUrl,
            },
            transport: transport, connectionString: SimulatedStorage.ConnectionString);

        foreach (var (path, body) in Requests())
        {
            // Twice: what is asked for again is popular, and a repetition of its key finds the stored answer.
            for (var i = 0; i < 2; i++)
            {
                var reply = await app.SendAsync(HttpMethod.Post, path + "?userId=ann", body, change: request => request.Headers.Add("Idempotency-Key", path));
                Assert.True(reply.Status == 200, $"{path} answered {reply.Status} {reply.Body}.");
            }

            Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, path + "?userId=bob", body)).Status);
        }

        foreach (var collector in (IEnumerable<IFlushed>)app.Services.GetService(typeof(IEnumerable<IFlushed>))!)
        {
            await collector.FlushAsync(CancellationToken.None);
        }

        Assert.True(written.Count > 30, "Requests of this test write more than that.");
        Assert.Equal(mayBeStored, written.Any(text => text.Contains(Secret, StringComparison.OrdinalIgnoreCase)));
    }

    private static IEnumerable<(string Path, object Body)> Requests()
    {
        var messages = new[] { new { role = "system", content = Secret }, new { role = "user", content = $"Tell me of {Secret}." } };
        yield return ("complete", new { prompt = Secret, model = "GPT_4_TURBO", chatId = "chat" });
        yield return ("v1/chat/completions", new { model = "GPT_4_TURBO", messages });
        yield return ("v1/embeddings", new { model = "text-embedding-3-small", input = new[] { Secret } });
        yield return ("ai-preview-image", new { prompt = Secret, aspect = "1:1" });
        yield return ("v1/images/generations", new { prompt = Secret + " again" });
        yield return ("search", new { query = Secret, provider = "tavily" });
        yield return ("batch", new { items = new[] { new { type = "complete", prompt = Secret + " in a batch", model = "GPT_4_TURBO" } } });
    }

    private static async Task RecordAsync(Azure.Core.Request request, ConcurrentQueue<string> written)
    {
        if (request.Content is { } content)
        {
            using var copy = new MemoryStream();
            await content.WriteToAsync(copy, CancellationToken.None);
            written.Enqueue(request.Uri + " " + Encoding.UTF8.GetString(copy.ToArray()));
        }
    }
}
