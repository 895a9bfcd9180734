using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace ServerlessAi.Tests.Accounts;

/// <summary>What happens to one storage request on its way.</summary>
internal enum Fault
{
    None,

    /// <summary>It never arrives.</summary>
    Lost,

    /// <summary>It is carried out, but the reply never comes back.</summary>
    ReplyLost,

    /// <summary>The service says 503 and does nothing.</summary>
    Busy,

    /// <summary>The service says 403, as it does until a role that was assigned counts.</summary>
    Denied,
}

/// <summary>Carries storage requests over the real network, or another way, and makes chosen ones go wrong.</summary>
internal sealed class FaultyTransport(HttpPipelineTransport? other = null) : HttpPipelineTransport
{
    private readonly HttpPipelineTransport inner = other ?? new HttpClientTransport();

    /// <summary>Asked for each request, in order, on whatever thread it comes.</summary>
    public Func<Request, Fault> Choose { get; set; } = _ => Fault.None;

    /// <summary>What happens elsewhere before a request goes out.</summary>
    public Func<Request, Task> Meanwhile { get; set; } = _ => Task.CompletedTask;

    public override Request CreateRequest() => inner.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("The app has no synchronous storage calls.");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        await Meanwhile(message.Request);
        switch (Choose(message.Request))
        {
            case Fault.Lost:
                throw new RequestFailedException("The request was lost.");
            case Fault.ReplyLost:
                await inner.ProcessAsync(message);
                throw new RequestFailedException("The reply was lost.");
            case Fault.Denied:
                throw new RequestFailedException(403, "Denied.");
            case Fault.Busy:
                throw new RequestFailedException(503, "Server busy.");
            default:
                await inner.ProcessAsync(message);
                break;
        }
    }

    public static bool IsTransaction(Request request) => request.Uri.ToString().Contains("$batch", StringComparison.Ordinal);
}
