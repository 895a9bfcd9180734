using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class Limits
{
    private readonly ManualTime _time = new();
    private readonly Gate _gate = new();

    private LocalAppOptions Options => new()
    {
        HostJson = """{ "version": "2.0", "functionTimeout": "00:05:00" }""",
        Configure = b => b.Services.AddSingleton<TimeProvider>(_time).AddSingleton(_gate),
    };

    [Theory]
    [InlineData(30_000_000, false, HttpStatusCode.OK)]
    [InlineData(30_000_001, false, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(30_000_001, true, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_over_thirty_million_bytes_is_413(int lengthBytes, bool chunked, HttpStatusCode status)
    {
        await using var app = await LocalApp.StartAsync(Options, typeof(Functions));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/read") { Content = new ByteArrayContent(new byte[lengthBytes]) };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = true;
        using var answer = await app.Http.SendAsync(request);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task A_function_silent_for_230_seconds_is_answered_with_502_and_goes_on()
    {
        await using var app = await LocalApp.StartAsync(Options, typeof(Functions));
        var answering = app.Http.GetAsync("/api/wait");
        await _gate.Entered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await Wait.UntilAsync(() => _time.NextDue <= _time.GetUtcNow() + TimeSpan.FromSeconds(230), "the limit is set");
        _time.Advance(TimeSpan.FromSeconds(229));
        Assert.False(answering.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        using var answer = await answering;
        Assert.Equal((HttpStatusCode.BadGateway, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        Assert.False(_gate.Left.Task.IsCompleted);
        _gate.Open.SetResult();
        await _gate.Left.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task The_function_timeout_fires_the_functions_token()
    {
        await using var app = await LocalApp.StartAsync(Options, typeof(Functions));
        var answering = app.Http.GetAsync("/api/wait");
        await _gate.Entered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromMinutes(5));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _gate.Left.Task.WaitAsync(TimeSpan.FromSeconds(10)));
        (await answering).Dispose();
        Assert.Contains(app.Logs.Lines, line => line.Text.Contains("Function Wait passed its time limit of 00:05:00", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_leaves_fires_the_functions_token()
    {
        await using var app = await LocalApp.StartAsync(Options, typeof(Functions));
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(app.Address.Host, app.Address.Port);
            await client.GetStream().WriteAsync("GET /api/wait HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
            await _gate.Entered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _gate.Left.Task.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_streamed_answer_arrives_piece_by_piece()
    {
        await using var app = await LocalApp.StartAsync(Options, typeof(Functions));
        using var answer = await app.Http.GetAsync("/api/stream", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("data: first", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
        _gate.Open.SetResult();
        Assert.Equal("data: second", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)));
    }

    internal sealed class Gate
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Open { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    internal sealed class Functions(Gate gate)
    {
        [Function("Read")]
        public async Task<IActionResult> Read([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request, CancellationToken cancellationToken)
        {
            await request.Body.CopyToAsync(Stream.Null, cancellationToken);
            return new OkResult();
        }

        [Function("Wait")]
        public async Task<IActionResult> WaitHere([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, FunctionContext context)
        {
            gate.Entered.SetResult();
            try
            {
                await gate.Open.Task.WaitAsync(context.CancellationToken);
                gate.Left.SetResult();
            }
            catch (OperationCanceledException)
            {
                gate.Left.SetCanceled(context.CancellationToken);
                throw;
            }

            return new OkObjectResult("late");
        }

        [Function("Stream")]
        public async Task Pieces([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, CancellationToken cancellationToken)
        {
            var response = request.HttpContext.Response;
            response.ContentType = "text/event-stream";
            await response.WriteAsync("data: first\n", cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
            await gate.Open.Task.WaitAsync(cancellationToken);
            await response.WriteAsync("data: second\n", cancellationToken);
        }
    }
}
