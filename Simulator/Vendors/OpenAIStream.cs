using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// A streamed chat completion, platform.openai.com/docs/api-reference/chat-streaming: a chunk with the role, one for each word, one with the reason of the
/// end, the usage, <c>[DONE]</c>.
/// </summary>
/// <param name="Words">Each with its own space.</param>
/// <param name="Usage">Null when the vendor leaves its usage frame out.</param>
public sealed record OpenAIStream(IReadOnlyList<string> Words, StandInUsage? Usage)
{
    /// <summary>Awaited before each event, by its place: 0 is the role, 1 the first word, one after the last word the end, then the usage.</summary>
    public Func<int, CancellationToken, Task> Pace { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>The connection drops before the event of this place.</summary>
    public int? BreakBefore { get; init; }

    /// <summary>In place of the event of this place comes OpenAI's error object, and nothing after it.</summary>
    public int? ErrorAt { get; init; }

    /// <summary>The usage has no frame of its own.</summary>
    public bool UsageInLastChoice { get; init; }

    public static OpenAIStream Of(string text, StandInUsage? usage) =>
        new([.. text.Split(' ').Select((word, index) => index == 0 ? word : " " + word)], usage);

    /// <summary>A pause before each event, by any clock.</summary>
    public OpenAIStream Every(TimeSpan pause, TimeProvider time) => this with { Pace = (_, token) => Task.Delay(pause, time, token) };

    /// <summary>Waits before the event of this place until the test says so.</summary>
    public OpenAIStream Before(int place, Task gate) =>
        this with { Pace = (index, token) => index == place ? gate.WaitAsync(token) : Task.CompletedTask };

    public Behaviour ToBehaviour() => new((context, _) => RunAsync(context));

    public async Task RunAsync(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        var place = 0;
        foreach (var data in Events())
        {
            await Pace(place, context.RequestAborted);
            if (place == BreakBefore)
            {
                Break(context);
                return;
            }

            var isError = place++ == ErrorAt;
            await context.Response.WriteAsync($"data: {(isError ? Error() : data)}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (isError)
            {
                return;
            }
        }
    }

    private IEnumerable<string> Events()
    {
        yield return Chunk(new { role = "assistant", content = "", refusal = (string?)null });
        foreach (var word in Words)
        {
            yield return Chunk(new { content = word });
        }

        yield return Chunk(new { }, "stop", UsageInLastChoice && Usage is not null ? OpenAIStandIn.UsageOf(Usage) : null);
        if (Usage is not null && !UsageInLastChoice)
        {
            yield return JsonSerializer.Serialize(new
            {
                id = "chatcmpl-standin",
                @object = "chat.completion.chunk",
                created = 1_760_000_000,
                model = "standin",
                system_fingerprint = "fp_standin",
                choices = Array.Empty<object>(),
                usage = OpenAIStandIn.UsageOf(Usage),
            });
        }

        yield return "[DONE]";
    }

    private static string Chunk(object delta, string? finishReason = null, object? usage = null) => JsonSerializer.Serialize(new
    {
        id = "chatcmpl-standin",
        @object = "chat.completion.chunk",
        created = 1_760_000_000,
        model = "standin",
        system_fingerprint = "fp_standin",
        choices = new[] { new { index = 0, delta, logprobs = (object?)null, finish_reason = finishReason } },
        usage,
    });

    // A reset may overtake what was sent before it; closing after an exception does not, and leaves the body without its end all the same.
    private static void Break(HttpContext context)
    {
        if (context.Response.HasStarted)
        {
            throw new IOException("The vendor's connection breaks here.");
        }

        context.Abort();
    }

    private static string Error() => JsonSerializer.Serialize(new { error = new { message = "The server had an error.", type = "server_error", code = (string?)null } });
}
