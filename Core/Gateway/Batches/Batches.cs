using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>
/// Many billable requests in one. It adds no way for money to move: each item goes through the <see cref="Gateway"/> with an operation, a hold and a
/// receipt of its own. One idempotency key stands for the whole; each item has its own, made from the batch and its place.
/// </summary>
public sealed partial class Batches(
    Gateway gateway, BatchClaims claims, Replays replays, AccountStore accounts, PlanStore plans, IIdSource ids, TimeProvider time, IHostApplicationLifetime app,
    IOptions<BatchOptions> options, ILogger<Batches> logger)
{
    public const int ItemsLimit = 100;

    /// <summary>Items of one batch at once, whatever the plan allows.</summary>
    public const int AtOnceLimit = 16;

    /// <param name="write">Makes the answer's body, as JSON.</param>
    /// <param name="cancellationToken">The client's. When it leaves, no further item begins.</param>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsUnavailable"/> knows, before any item has begun.</exception>
    public async Task<Answer<BatchAnswer>> ServeAsync(BatchRequest request, Func<BatchOutcome, string> write, CancellationToken cancellationToken)
    {
        if (request.Claim is not { } claim)
        {
            return new BatchAnswer(write(await RunAsync(request, ids.NewOperationId(), cancellationToken)), Replayed: false);
        }

        var found = await claims.BeginAsync(request.Caller.AccountId, claim, options.Value.Lease, cancellationToken);
        if (found.Turn is not { } turn)
        {
            return Replays.Problem(found.Record, claim) is { } problem ? problem
                : found.Body is { } body ? new BatchAnswer(body, Replayed: true)
                : Replays.AnswerGone();
        }

        BatchOutcome? outcome = null;
        try
        {
            outcome = await RunAsync(request, turn.BatchId, cancellationToken);
            return await EndAsync(turn, outcome, write(outcome));
        }
        finally
        {
            if (outcome is not { IsComplete: true })
            {
                await ReleaseAsync(turn);
            }
        }
    }

    private async Task<BatchOutcome> RunAsync(BatchRequest request, string batchId, CancellationToken cancellationToken)
    {
        var account = await accounts.ReadAsync(request.Caller.AccountId);
        var atOnce = Math.Min(Math.Min(request.Concurrency ?? AtOnceLimit, AtOnceLimit), Math.Min(plans.LastBook.LimitsOf(account.PlanId).ConcurrentJobs, request.Items.Length));
        // An app that is told to stop begins nothing new: with its key, the rest of the batch is done elsewhere.
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, app.ApplicationStopping);
        return await new BatchRun(gateway, replays, options.Value, time, logger, request, batchId).RunAsync(atOnce, leaving.Token);
    }

    /// <summary>The answer of a batch whose items have all come to their ends is kept for its key; another is only given.</summary>
    private async Task<Answer<BatchAnswer>> EndAsync(BatchTurn turn, BatchOutcome outcome, string body)
    {
        if (!outcome.IsComplete)
        {
            return new BatchAnswer(body, Replayed: false);
        }

        try
        {
            return await claims.FinishAsync(turn, body, CancellationToken.None) is { } kept ? new BatchAnswer(kept, Replayed: false) : Replays.InFlight();
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            // Of every item that was charged the answer is kept with its own key.
            LogNotKept(logger, exception, turn.BatchId);
            return new BatchAnswer(body, Replayed: false);
        }
    }

    private async Task ReleaseAsync(BatchTurn turn)
    {
        try
        {
            await claims.ReleaseAsync(turn, CancellationToken.None);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception))
        {
            // The lease ends by itself; whoever repeats the batch before is told that it is under way.
            LogNotReleased(logger, exception, turn.BatchId);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The answer of batch {BatchId} could not be kept for its idempotency key.")]
    private static partial void LogNotKept(ILogger logger, Exception exception, string batchId);

    [LoggerMessage(LogLevel.Warning, "Batch {BatchId} could not be given back; its lease ends by itself.")]
    private static partial void LogNotReleased(ILogger logger, Exception exception, string batchId);
}
