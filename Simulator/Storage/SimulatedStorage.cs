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
public sealed class SimulatedStorage : HttpPipelineTransport
{
    /// <summary>Points clients here. Nothing listens there: the transport answers.</summary>
    public const string ConnectionString =
        "DefaultEndpointsProtocol=http;AccountName=simulated;AccountKey=c2ltdWxhdGVk;"
        + "BlobEndpoint=http://simulated.blob.example;TableEndpoint=http://simulated.table.example;";

    private readonly TimeProvider time;
    private readonly Account account;

    public SimulatedStorage(TimeProvider time, SimulatedStorageOptions? options = null)
        : this(time, new Account(time, options ?? new SimulatedStorageOptions()))
    {
    }

    private SimulatedStorage(TimeProvider time, Account account)
    {
        this.time = time;
        this.account = account;
    }

    /// <summary>What is stored, and what is on its way to it.</summary>
    private sealed class Account(TimeProvider time, SimulatedStorageOptions options)
    {
        public Lock Gate { get; } = new();

        public TableService Tables { get; } = new(time, options);

        public BlobService Blobs { get; } = new(time);

        public List<Task> Late { get; } = [];

        public long Sequence;
    }

    /// <summary>Asked for each request, in order of arrival; it may be asked by several threads at once.</summary>
    public Func<SimulatedRequest, Fault> Faults { get; set; } = _ => Fault.None;

    /// <summary>Requests that have arrived, on all ways.</summary>
    public long Requests => Volatile.Read(ref account.Sequence);

    /// <summary>Another way to the same storage, with troubles of its own.</summary>
    public SimulatedStorage Connect(Func<SimulatedRequest, Fault>? faults = null) => new(time, account) { Faults = faults ?? (_ => Fault.None) };

    public override Request CreateRequest() => HttpClientTransport.Shared.CreateRequest();

    public override void Process(HttpMessage message) => ProcessAsync(message).AsTask().GetAwaiter().GetResult();

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        message.CancellationToken.ThrowIfCancellationRequested();
        var isBlob = message.Request.Uri.Host?.Contains(".blob.", StringComparison.OrdinalIgnoreCase) == true;
        var request = await ReadAsync(message);
        var described = isBlob
            ? BlobService.Describe(Interlocked.Increment(ref account.Sequence), request)
            : TableService.Describe(Interlocked.Increment(ref account.Sequence), request);
        var fault = Faults(described);
        var reply = await CarryAsync(fault, isBlob, () => Apply(isBlob, request, fault), message.CancellationToken);
        message.Response = new SimulatedResponse(reply, message.Request.ClientRequestId);
    }

    /// <summary>Completes when every late request so far has arrived.</summary>
    public Task LateArrivalsAsync()
    {
        lock (account.Gate)
        {
            return Task.WhenAll(account.Late);
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
        lock (account.Gate)
        {
            account.Late.RemoveAll(task => task.IsCompletedSuccessfully);
            account.Late.Add(LaterAsync());
        }

        async Task LaterAsync()
        {
            await arrival;
            apply();
        }
    }

    private WireReply Apply(bool isBlob, WireRequest request, Fault fault)
    {
        lock (account.Gate)
        {
            if (isBlob)
            {
                return account.Blobs.Answer(request);
            }

            if (fault.Kind == FaultKind.Preempted)
            {
                account.Tables.RewriteRowsOf(request);
            }

            return account.Tables.Answer(request);
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
