using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>A request as a stand-in received it.</summary>
/// <param name="Headers">Names in any case.</param>
/// <param name="Body">As text; a form's as Latin-1, byte for byte.</param>
public sealed record ReceivedRequest(string Method, string Path, ImmutableDictionary<string, string> Headers, string Body)
{
    public JsonNode Json => JsonNode.Parse(Body) ?? throw new InvalidOperationException("The body is the JSON null.");
}

/// <summary>A small web server on a free port of this machine that speaks a vendor's API and can be told to misbehave.</summary>
public abstract class VendorStandIn : IAsyncDisposable
{
    private const string AnyModel = "";

    private readonly ConcurrentQueue<ReceivedRequest> received = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Behaviour>> scripts = new(StringComparer.Ordinal);
    private readonly WebApplication app;

    protected VendorStandIn()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, port: 0));
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        // Hanging requests must not hold up the end of a test.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        app = builder.Build();
        app.Run(HandleAsync);
    }

    public string BaseUrl { get; private set; } = "";

    /// <summary>Everything received so far, in order.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. received];

    /// <summary>A small valid PNG, 12 × 8.</summary>
    public static ReadOnlyMemory<byte> Picture { get; } = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAwAAAAICAIAAABChommAAAAs0lEQVR42g3KoZFFIQxA0S3sV0AFTApARKOQyCh0BAXcoYJUwKQA6tl39Pn7CUWoQhO6MIUlbOEIIVzhCX8/pShVaUpXprKUrRwllKs8/dKgDOqgDfpgDtZgD84gBnfwxpeMYlSjGd2YxjK2cYwwrvHsS05xqtOc7kxnOds5TjjXef4lKFChQYcJCzYcCLjw+FJQghq0oAczWMEOThDBDV58KSlJTVrSk5msZCcnieQmL/kH5nyp4cf4iFgAAAAASUVORK5CYII=");

    /// <summary>What to do with requests for a model (null: for any that has no script of its own), one after the other; the last stays.</summary>
    public void Script(string? model, params Behaviour[] behaviours) => scripts[model ?? AnyModel] = new ConcurrentQueue<Behaviour>(behaviours);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static async Task<T> StartAsync<T>(T standIn)
        where T : VendorStandIn
    {
        await standIn.app.StartAsync();
        standIn.BaseUrl = standIn.app.Urls.Single();
        return standIn;
    }

    protected static Behaviour Json(int status, object body) => Behaviour.Answer(status, JsonSerializer.Serialize(body));

    protected static Task PictureAsync(HttpContext context)
    {
        context.Response.ContentType = "image/png";
        return context.Response.Body.WriteAsync(Picture).AsTask();
    }

    /// <summary>The model a request names, or null when it is not one that scripts apply to.</summary>
    protected abstract string? ModelOf(ReceivedRequest request);

    protected abstract bool IsAuthorized(ReceivedRequest request);

    /// <summary>What the vendor answers to a wrong key.</summary>
    protected abstract Behaviour Unauthorized { get; }

    /// <summary>The same, for a vendor whose words depend on the request.</summary>
    protected virtual Behaviour UnauthorizedOf(ReceivedRequest request) => Unauthorized;

    protected abstract Task SucceedAsync(HttpContext context, ReceivedRequest request);

    private async Task HandleAsync(HttpContext context)
    {
        // Bytes of a file survive in Latin-1, which gives each a character of its own.
        using var reader = new StreamReader(context.Request.Body, context.Request.HasFormContentType ? Encoding.Latin1 : Encoding.UTF8);
        var headers = context.Request.Headers.ToImmutableDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var request = new ReceivedRequest(context.Request.Method, context.Request.Path, headers, await reader.ReadToEndAsync(context.RequestAborted));
        received.Enqueue(request);
        var behaviour = ModelOf(request) is not { } model ? Behaviour.Success : IsAuthorized(request) ? Next(model) : UnauthorizedOf(request);
        try
        {
            await behaviour.Run(context, () => SucceedAsync(context, request));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client gave up, which is what some behaviours wait for.
        }
    }

    private Behaviour Next(string model)
    {
        if (!scripts.TryGetValue(model, out var script) && !scripts.TryGetValue(AnyModel, out script))
        {
            return Behaviour.Success;
        }

        lock (script)
        {
            return script.Count > 1 && script.TryDequeue(out var next) ? next : script.TryPeek(out var last) ? last : Behaviour.Success;
        }
    }
}
