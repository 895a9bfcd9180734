using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using ServerlessAi.Simulator.Storage.Blobs;
using ServerlessAi.Simulator.Storage.Tables;

namespace ServerlessAi.Simulator.Storage;

/// <summary>How the simulated service behaves where the real one may differ from day to day.</summary>
/// <param name="PageLimit">Most rows of a query's page.</param>
/// <param name="EmptyPages">Every other page of a query is empty and has a continuation token, as a scan over other partitions gives.</param>
public sealed record SimulatedStorageOptions(int PageLimit = 1_000, bool EmptyPages = false);

/// <summary>
/// Table and Blob Storage in this process's memory, below the SDK: set it as the clients' transport. It keeps the limits that Azure keeps, answers as
/// Azure does, and makes requests go wrong as <see cref="Faults"/> says. One request at a time is carried out, as a whole. Signatures are ignored.
/// </summary>
public sealed class SimulatedStorage(TimeProvider time, SimulatedStorageOptions? options = null) : HttpPipelineTransport
{
    /// <summary>Points clients here. Nothing listens there: the transport answers.</summary>
    public const string ConnectionString =
        "DefaultEndpointsProtocol=http;AccountName=simulated;AccountKey=c2ltdWxhdGVk;"
        + "BlobEndpoint=http://simulated.blob.example;TableEndpoint=http://simulated.table.example;";

    private readonly Lock gate = new();
    private readonly TableService tables = new(time, options ?? new SimulatedStorageOptions());
    private readonly BlobService blobs = new(time);
    private readonly List<Task> late = [];
    private long sequence;

    /// <summary>Asked for each request, in order of arrival; it may be asked by several threads at once.</summary>
    public Func<SimulatedRequest, Fault> Faults { get; set; } = _ => Fault.None;

    public override Request CreateRequest() => HttpClientTransport.Shared.CreateRequest();

    public override void Process(HttpMessage message) => ProcessAsync(message).AsTask().GetAwaiter().GetResult();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        message.CancellationToken.ThrowIfCancellationRequested();
        var isBlob = message.Request.Uri.Host?.Contains(".blob.", StringComparison.OrdinalIgnoreCase) == true;
        var request = await ReadAsync(message);
        var described = isBlob
            ? BlobService.Describe(Interlocked.Increment(ref sequence), request)
            : TableService.Describe(Interlocked.Increment(ref sequence), request);
        var reply = await CarryAsync(Faults(described), isBlob, () => Apply(isBlob, request), message.CancellationToken);
        message.Response = new SimulatedResponse(reply, message.Request.ClientRequestId);
    }

    /// <summary>Completes when every late request so far has arrived.</summary>
    public Task LateArrivalsAsync()
    {
        lock (gate)
        {
            return Task.WhenAll(late);
        }
    }

    private async Task<WireReply> CarryAsync(Fault fault, bool isBlob, Func<WireReply> apply, CancellationToken cancellationToken)
    {
        switch (fault.Kind)
        {
            case FaultKind.Busy503:
                return Refusal(isBlob, new ServiceErrorException(503, "ServerBusy", "The server is busy."));
            case FaultKind.Error500:
                return Refusal(isBlob, new ServiceErrorException(500, "InternalError", "The server encountered an internal error. Please retry the request."));
            case FaultKind.Timeout:
                throw TimedOut();
            case FaultKind.ReplyLost:
                apply();
                throw new RequestFailedException("The response ended prematurely.", new IOException("The connection broke before the answer came."));
            case FaultKind.Delayed:
                await Task.Delay(fault.Delay, time, cancellationToken);
                return apply();
            case FaultKind.LateApplied:
                ArriveLater(fault.Arrival, apply);
                throw TimedOut();
            default:
                return apply();
        }
    }

    private void ArriveLater(Task arrival, Func<WireReply> apply)
    {
        lock (gate)
        {
            late.RemoveAll(task => task.IsCompletedSuccessfully);
            late.Add(LaterAsync());
        }

        async Task LaterAsync()
        {
            await arrival;
            apply();
        }
    }

    private WireReply Apply(bool isBlob, WireRequest request)
    {
        lock (gate)
        {
            return isBlob ? blobs.Answer(request) : tables.Answer(request);
        }
    }

    private static WireReply Refusal(bool isBlob, ServiceErrorException error) =>
        isBlob ? BlobService.Error(error, hasBody: true) : TableReplies.Error(error);

    private static async Task<WireRequest> ReadAsync(HttpMessage message)
    {
        using var body = new MemoryStream();
        if (message.Request.Content is { } content)
        {
            await content.WriteToAsync(body, message.CancellationToken);
        }

        var uri = message.Request.Uri;
        return new WireRequest(
            message.Request.Method.Method,
            uri.Path.Trim('/'),
            WireRequest.ParseQuery(uri.Query),
            message.Request.Headers.ToDictionary(header => header.Name, header => header.Value, StringComparer.OrdinalIgnoreCase),
            body.ToArray());
    }

    // What the SDK's own network timeout throws.
    private static TaskCanceledException TimedOut() => new("The operation was cancelled because it exceeded the configured timeout.");
}
