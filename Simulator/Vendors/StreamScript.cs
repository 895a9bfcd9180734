using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>A streamed answer, event by event, and what goes wrong with it.</summary>
public abstract record StreamScript
{
    /// <summary>Awaited before each event, by its place.</summary>
    public Func<int, CancellationToken, Task> Pace { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>The connection drops before the event of this place.</summary>
    public int? BreakBefore { get; init; }

    /// <summary>In place of the event of this place comes the vendor's error, and nothing after it.</summary>
    public int? ErrorAt { get; init; }

    /// <summary>In place of the event of this place comes half of a JSON object; the stream goes on.</summary>
    public int? GarbageAt { get; init; }

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

            var (isError, isGarbage) = (place == ErrorAt, place == GarbageAt);
            place++;
            await context.Response.WriteAsync(isError ? Error : isGarbage ? "data: {\"id\":\n\n" : data, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (isError)
            {
                return;
            }
        }
    }

    /// <summary>Each event as it goes over the wire.</summary>
    protected abstract IEnumerable<string> Events();

    /// <summary>The event of an error in mid-stream.</summary>
    protected abstract string Error { get; }

    /// <summary>Each with its own space.</summary>
    protected static IReadOnlyList<string> WordsOf(string text) => [.. text.Split(' ').Select((word, index) => index == 0 ? word : " " + word)];

    // A reset may overtake what was sent before it; closing after an exception does not, and leaves the body without its end all the same.
    private static void Break(HttpContext context)
    {
        if (context.Response.HasStarted)
        {
            throw new IOException("The vendor's connection breaks here.");
        }

        context.Abort();
    }
}

public static class StreamScripts
{
    /// <summary>A pause before each event, by any clock.</summary>
    public static T Every<T>(this T stream, TimeSpan pause, TimeProvider time)
        where T : StreamScript => stream with { Pace = (_, token) => Task.Delay(pause, time, token) };

    /// <summary>Waits before the event of this place until the test says so.</summary>
    public static T Before<T>(this T stream, int place, Task gate)
        where T : StreamScript => stream with { Pace = (index, token) => index == place ? gate.WaitAsync(token) : Task.CompletedTask };
}
