using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>A request as it reached the wire.</summary>
internal sealed record SentRequest(string Method, Uri Uri, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>Stands where the network is: records every request and answers as the test says.</summary>
internal sealed class StubTransport(Func<SentRequest, int, StubResponse> answer) : HttpPipelineTransport
{
    private readonly HttpClientTransport _factory = new();
    private readonly ConcurrentQueue<SentRequest> _sent = new();

    internal IReadOnlyList<SentRequest> Sent => [.. _sent];

    /// <summary>What a test does to a request after it was sent, as a proxy might.</summary>
    internal Action<Request>? AfterSending { get; init; }

    public override Request CreateRequest() => _factory.CreateRequest();

    public override void Process(HttpMessage message) => ProcessAsync(message).AsTask().GetAwaiter().GetResult();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        using var body = new MemoryStream();
        if (message.Request.Content is { } content)
        {
            await content.WriteToAsync(body, message.CancellationToken);
        }

        var sent = new SentRequest(
            message.Request.Method.Method,
            message.Request.Uri.ToUri(),
            message.Request.Headers.ToDictionary(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase),
            Encoding.UTF8.GetString(body.ToArray()));
        _sent.Enqueue(sent);
        message.Response = answer(sent, _sent.Count);
        message.Response.ClientRequestId = message.Request.ClientRequestId;
        AfterSending?.Invoke(message.Request);
    }
}

/// <summary>A canned answer.</summary>
internal sealed class StubResponse(int status, string body = "", params (string Name, string Value)[] headers) : Response
{
    public override int Status => status;

    public override string ReasonPhrase => "";

    public override Stream? ContentStream { get; set; } = new MemoryStream(Encoding.UTF8.GetBytes(body));

    public override string ClientRequestId { get; set; } = "";

    public override void Dispose() => ContentStream?.Dispose();

    protected override bool ContainsHeader(string name) => TryGetHeader(name, out _);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() => headers.Select(header => new HttpHeader(header.Name, header.Value));

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
    {
        value = headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        return value is not null;
    }

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = TryGetHeader(name, out string? value) ? [value] : null;
        return values is not null;
    }
}
