using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;

namespace ServerlessAi.Tests.Crashes;

/// <summary>What a client has in its hands in the end: the answers that each of its keys got.</summary>
internal sealed record KeyedRequest(int Number, string User, string Key, string Prompt)
{
    public ConcurrentQueue<string> Answers { get; } = new();
}

/// <summary>Clients that ask for texts all the time, whole and as streams, at whatever instance is up, and repeat a request with its key until it is answered.</summary>
internal sealed class Load(IReadOnlyList<CrashSlot> slots) : IDisposable
{
    private const int Clients = 12;
    private const int Users = 3;
    private const int AttemptsLimit = 4_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentQueue<KeyedRequest> requests = new();
    private readonly SemaphoreSlim sending = new(Clients, Clients);
    private readonly SemaphoreSlim pausing = new(1, 1);
    private int count;

    public IReadOnlyCollection<KeyedRequest> Requests => requests;

    public static IEnumerable<string> UserNames => Enumerable.Range(0, Users).Select(number => string.Create(CultureInfo.InvariantCulture, $"user{number}"));

    /// <summary>Keeps asking until told to stop; what was begun is finished.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, Clients).Select(client => AskAsync(client, stop)));

    /// <summary>Does something while no request is under way; clients go on afterwards.</summary>
    public async Task PauseAsync(Func<Task> action)
    {
        await pausing.WaitAsync();
        for (var client = 0; client < Clients; client++)
        {
            await sending.WaitAsync();
        }

        try
        {
            await action();
        }
        finally
        {
            sending.Release(Clients);
            pausing.Release();
        }
    }

    private async Task AskAsync(int client, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref count);
            var user = string.Create(CultureInfo.InvariantCulture, $"user{client % Users}");
            var request = new KeyedRequest(number, user, string.Create(CultureInfo.InvariantCulture, $"key-{number}"), string.Create(CultureInfo.InvariantCulture, $"prompt {number}"));
            requests.Enqueue(request);
            await UntilAnsweredAsync(request, client);
        }
    }

    private async Task UntilAnsweredAsync(KeyedRequest request, int client)
    {
        for (var attempt = 0; attempt < AttemptsLimit; attempt++)
        {
            if (await SendAsync(request, slots[(client + attempt) % slots.Count]) is { } answer)
            {
                request.Answers.Enqueue(answer);
                // Each fourth is sent again, as by a client that did not trust its eyes.
                if (request.Answers.Count == 2 || request.Number % 4 != 0)
                {
                    return;
                }
            }

            await Task.Delay(Pause);
        }

        throw new InvalidOperationException($"{request} got no answer in {AttemptsLimit} attempts.");
    }

    /// <returns>Null when there was no answer, or one that says: try again.</returns>
    private async Task<string?> SendAsync(KeyedRequest request, CrashSlot slot)
    {
        await sending.WaitAsync();
        try
        {
            if (slot.Running is not { } instance)
            {
                return null;
            }

            using var message = new HttpRequestMessage(HttpMethod.Post, IsOpenAI(request) ? "v1/chat/completions" : "complete")
            {
                Content = JsonContent.Create(Body(request)),
                Headers = { { "Idempotency-Key", request.Key }, { "x-user-id", request.User }, { "x-use-cache", "false" } },
            };
            using var response = await instance.Http.SendAsync(message);
            var text = await response.Content.ReadAsStringAsync();
            return (int)response.StatusCode switch
            {
                200 => response.Content.Headers.ContentType?.MediaType == "text/event-stream" ? EndOf(text) : text,
                409 or 429 or 502 or 503 => null,
                var status => throw new InvalidOperationException($"{request} got {status}: {text}"),
            };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException or ObjectDisposedException)
        {
            // The instance died, or has just been taken away.
            return null;
        }
        finally
        {
            sending.Release();
        }
    }

    // One in three asks for a whole text, the others for streams, of each kind.
    private static bool IsOpenAI(KeyedRequest request) => request.Number % 3 == 2;

    private static object Body(KeyedRequest request) => IsOpenAI(request)
        ? new { model = "openai-gpt-4.1", max_tokens = 50, stream = true, messages = new[] { new { role = "user", content = request.Prompt } } }
        : new { prompt = request.Prompt, model = "openai-gpt-4.1", maxTokens = 50, useCache = false, stream = request.Number % 3 == 1 };

    /// <returns>The event with the receipt, which is the same however the words before it are cut; null when the stream came to none.</returns>
    private static string? EndOf(string stream) => stream.Split('\n').LastOrDefault(line => line.StartsWith("data: {", StringComparison.Ordinal)) is { } end
        && end.Contains("\"receipt\"", StringComparison.Ordinal) ? end : null;

    public void Dispose()
    {
        sending.Dispose();
        pausing.Dispose();
    }
}
