using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>What a stand-in does with one request.</summary>
/// <param name="Run">Gets the request and what a healthy vendor would do with it.</param>
public sealed record Behaviour(Func<HttpContext, Func<Task>, Task> Run)
{
    /// <summary>Answers as the vendor documents it.</summary>
    public static readonly Behaviour Success = new((_, succeed) => succeed());

    /// <summary>Takes the request and never answers; ends when the client goes away.</summary>
    public static readonly Behaviour Hang = new((context, _) => Task.Delay(Timeout.Infinite, context.RequestAborted));

    /// <summary>Drops the connection.</summary>
    public static readonly Behaviour Reset = new((context, _) =>
    {
        context.Abort();
        return Task.CompletedTask;
    });

    /// <summary>Does as it was asked, and the connection breaks before the answer.</summary>
    public static readonly Behaviour ReplyLost = new(async (context, succeed) =>
    {
        context.Response.Body = Stream.Null;
        await succeed();
        context.Abort();
    });

    /// <summary>Promises JSON and stops in the middle of it.</summary>
    public static readonly Behaviour BrokenJson = Answer(200, """{"id":"chatcmpl-1","choices":[{"mess""");

    /// <summary>Answers with this status and body.</summary>
    public static Behaviour Answer(int status, string body, string contentType = "application/json") => new((context, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(body);
    });

    /// <summary>Starts to answer, and goes silent in the middle; ends when the client goes away.</summary>
    public static Behaviour Stall(string start) => new(async (context, _) =>
    {
        await StartAsync(context, start);
        await Task.Delay(Timeout.Infinite, context.RequestAborted);
    });

    /// <summary>Starts to answer, and drops the connection in the middle.</summary>
    public static Behaviour CutOff(string start) => new(async (context, _) =>
    {
        await StartAsync(context, start);
        context.Abort();
    });

    /// <summary>The same with a header on the answer.</summary>
    public Behaviour With(string header, string value) => new((context, succeed) =>
    {
        context.Response.Headers[header] = value;
        return Run(context, succeed);
    });

    /// <summary>Waits for the test to say so, then does <paramref name="then"/>.</summary>
    public static Behaviour After(Task gate, Behaviour? then = null) => new(async (context, succeed) =>
    {
        await gate.WaitAsync(context.RequestAborted);
        await (then ?? Success).Run(context, succeed);
    });

    /// <summary>Waits in real time, for tools that are used by hand; tests take a gate.</summary>
    public static Behaviour After(TimeSpan delay, Behaviour? then = null) => new(async (context, succeed) =>
    {
        await Task.Delay(delay, context.RequestAborted);
        await (then ?? Success).Run(context, succeed);
    });

    private static async Task StartAsync(HttpContext context, string start)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = start.Length + 100;
        await context.Response.WriteAsync(start);
        await context.Response.Body.FlushAsync();
    }
}
