using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ServerlessAi.Functions.Http;

/// <summary>Writes server-sent events.</summary>
internal sealed class EventStream(HttpResponse response)
{
    public bool HasBegun { get; private set; }

    /// <summary>Sends the headers with the first event; afterwards does nothing.</summary>
    public void Begin(Action addHeaders)
    {
        if (HasBegun)
        {
            return;
        }

        HasBegun = true;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        // What proxies of the nginx family go by.
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        addHeaders();
    }

    public async Task SendAsync(string data, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(Encoding.UTF8.GetBytes($"data: {data}\n\n"), cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
