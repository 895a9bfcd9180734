using System.Diagnostics;

namespace ServerlessAi.Tests.Crashing;

/// <summary>Listens to what the runtime's HTTP client reports of every request, and tells from it where in a billable request the process is.</summary>
internal sealed class Watch(CrashPoint crash) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private const string Sending = "System.Net.Http.HttpRequestOut.Start";
    private const string Answered = "System.Net.Http.HttpRequestOut.Stop";

    public void OnNext(DiagnosticListener value)
    {
        if (string.Equals(value.Name, "HttpHandlerDiagnosticListener", StringComparison.Ordinal))
        {
            value.Subscribe(this);
        }
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key is Sending or Answered && Request(value.Value) is { } request && StepOf(request) is { } step)
        {
            crash.Pass(step + (value.Key is Sending ? "-sent" : "-answered"));
        }
    }

    public void OnCompleted()
    {
        // The listener lives as long as the process.
    }

    public void OnError(Exception error)
    {
        // Nobody reports errors here.
    }

    private static HttpRequestMessage? Request(object? payload) => payload?.GetType().GetProperty("Request")?.GetValue(payload) as HttpRequestMessage;

    /// <summary>reserve, provider, settle, body or cache; null for what is none of a billable request's steps.</summary>
    private static string? StepOf(HttpRequestMessage request)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (path.EndsWith("/chat/completions", StringComparison.Ordinal))
        {
            return "provider";
        }

        if (path.Contains("idem", StringComparison.Ordinal) && request.Method != HttpMethod.Get)
        {
            return "body";
        }

        if (!path.EndsWith("batch", StringComparison.Ordinal))
        {
            return null;
        }

        // The content of a transaction lies in memory and can be read before it is sent.
        var rows = request.Content!.ReadAsStringAsync().GetAwaiter().GetResult();
        return rows.Contains("GEN_SUCCESS", StringComparison.Ordinal) ? "settle" : rows.Contains("\"Open\"", StringComparison.Ordinal) ? "reserve" : null;
    }
}
