using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.LocalHost;
using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class StartAndStop
{
    [Fact]
    public async Task A_busy_port_is_named_with_the_way_out()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        var port = ((IPEndPoint)busy.LocalEndpoint).Port;
        var refusal = await Assert.ThrowsAsync<LocalHostException>(() => LocalApp.StartAsync(new LocalAppOptions { Args = ["--port", $"{port}"] }, typeof(Slow)));
        Assert.Equal($"Port {port} is already in use. Choose another with --port.", refusal.Message);
    }

    [Fact]
    public async Task Many_hosts_run_side_by_side_on_ports_of_their_own()
    {
        var apps = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => LocalApp.StartAsync(
            new LocalAppOptions { Configure = b => b.Services.AddSingleton(new Work()) }, typeof(Slow))));
        Assert.Equal(8, apps.Select(a => a.Address.Port).Distinct().Count());
        foreach (var app in apps)
        {
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_stop_lets_requests_in_flight_finish()
    {
        var work = new Work();
        await using var app = await LocalApp.StartAsync(new LocalAppOptions { Configure = b => b.Services.AddSingleton(work) }, typeof(Slow));
        var answering = app.Http.GetStringAsync("/api/slow");
        await work.Begun.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var stopping = app.Host.StopAsync();
        await Task.Delay(50);
        Assert.False(stopping.IsCompleted);
        work.Finish.SetResult();
        Assert.Equal("done", await answering);
        await stopping;
    }

    [Fact]
    public async Task A_stop_lets_a_timer_in_flight_finish_and_starts_no_other()
    {
        var time = new ManualTime();
        await using var app = await TimerApp.StartAsync(time, [], typeof(TimerRuns.FiveFields));
        var hold = app.Log.Hold = new TaskCompletionSource();
        await app.AdvanceAsync(TimeSpan.FromMinutes(5), runs: 1);
        var stopping = app.App.Host.StopAsync();
        time.Advance(TimeSpan.FromMinutes(20));
        await Task.Delay(50);
        Assert.False(stopping.IsCompleted);
        hold.SetResult();
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Single(app.Log.Runs);
    }

    [Fact]
    public async Task Http_functions_without_the_web_integration_are_refused_with_the_missing_call()
    {
        var builder = FunctionsApplication.CreateBuilder(["--port", "0"], typeof(Slow));
        using var host = builder.Build();
        var refusal = await Assert.ThrowsAsync<LocalHostException>(() => host.StartAsync());
        Assert.Contains("ConfigureFunctionsWebApplication()", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_functions_are_those_of_the_assembly_that_creates_the_builder()
    {
        // Not the entry assembly's, which is the test runner: this one has functions that overlap on purpose.
        using var host = FunctionsApplication.CreateBuilder(["--port", "0"]).Build();
        var refusal = await Assert.ThrowsAsync<LocalHostException>(() => host.StartAsync());
        Assert.Contains("overlap", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_app_is_built_once()
    {
        var builder = FunctionsApplication.CreateBuilder(["--port", "0"], typeof(Slow));
        using var host = builder.Build();
        Assert.Throws<InvalidOperationException>(() => builder.Build());
    }

    internal sealed class Work
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Finish { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    internal sealed class Slow(Work work)
    {
        [Function("Slow")]
        public async Task Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
        {
            work.Begun.SetResult();
            await work.Finish.Task;
            await request.HttpContext.Response.WriteAsync("done");
        }
    }
}
