using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>
/// The items of one batch on their way. Each is an ordinary request: what it costs, and that it costs it once, is the gateway's business and none of
/// this class, which only decides what goes next, what is tried again, and when there is no more time.
/// </summary>
internal sealed partial class BatchRun(Gateway gateway, Replays replays, BatchOptions options, TimeProvider time, ILogger logger, BatchRequest request, string batchId)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan UsualPause = TimeSpan.FromSeconds(1);

    private readonly ItemOutcome?[] outcomes = new ItemOutcome?[request.Items.Length];
    private int taken;

    /// <param name="leaving">Nothing begins any more; what has begun is seen through.</param>
    public async Task<BatchOutcome> RunAsync(int atOnce, CancellationToken leaving)
    {
        var answerTime = TimeSpan.FromMilliseconds(options.AnswerMs);
        var beginTime = TimeSpan.FromMilliseconds(Math.Min(options.BeginMs, options.AnswerMs));
        using var timeUp = new CancellationTokenSource(beginTime, time);
        using var beginning = CancellationTokenSource.CreateLinkedTokenSource(leaving, timeUp.Token);
        using var answered = new CancellationTokenSource();
        var answerDue = Task.Delay(answerTime, time, answered.Token);
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => WorkAsync(beginning.Token, answerDue)).ToList());
        await answered.CancelAsync();
        return new BatchOutcome([.. outcomes.Select(outcome => outcome ?? NotReached(waitedFor: null))]);
    }

    private async Task WorkAsync(CancellationToken beginning, Task answerDue)
    {
        // Two timers of one length fire in any order: nothing begins whose answer nobody waits for.
        while (!beginning.IsCancellationRequested && !answerDue.IsCompleted && Interlocked.Increment(ref taken) - 1 is var index && index < outcomes.Length)
        {
            outcomes[index] = await OutcomeOfAsync(index, beginning, answerDue);
        }
    }

    private async Task<ItemOutcome> OutcomeOfAsync(int index, CancellationToken beginning, Task answerDue)
    {
        if (!request.Items[index].Succeeded)
        {
            return ItemOutcome.Of(request.Items[index].Refusal!);
        }

        string? operationId = null;
        var serving = ServeAsync(request.Items[index].Value!, index, id => Volatile.Write(ref operationId, id), beginning);
        await Task.WhenAny(serving, answerDue);
        return serving.IsCompleted ? await serving : NotFinished(Volatile.Read(ref operationId));
    }

    /// <summary>Serves one item, and keeps its answer. Goes on without the batch's answer when that goes out before, and never throws.</summary>
    private async Task<ItemOutcome> ServeAsync(BillableItem item, int index, Action<string> started, CancellationToken beginning)
    {
        var claim = request.Claim is { } whole ? BatchClaims.OfItem(whole, batchId, index) : null;
        Refusal? waitedFor = null;
        try
        {
            while (true)
            {
                var served = await item.ServeAsync(gateway, batchId, claim, started, beginning);
                if (served.Succeeded)
                {
                    return new ItemOutcome(await BodyOfAsync(item, claim, served.Value), Refusal: null);
                }

                if (!served.Refusal.IsMomentary)
                {
                    return ItemOutcome.Of(served.Refusal);
                }

                waitedFor = served.Refusal;
                var pause = waitedFor.RetryAfter ?? UsualPause;
                await Task.Delay(pause > ShortestPause ? pause : ShortestPause, time, beginning);
            }
        }
        catch (OperationCanceledException) when (beginning.IsCancellationRequested)
        {
            // Only what has no hold yet ends like this.
            return waitedFor is { Code: RefusalCodes.IdempotencyInFlight } ? NotFinished(operationId: null) : NotReached(waitedFor);
        }
        catch (Exception exception) when (StorageFaults.IsUnavailable(exception))
        {
            LogStorage(logger, exception, batchId, index);
            return ItemOutcome.Of(Refusal.StorageUnavailable());
        }
        catch (Exception exception)
        {
            // A bug in one item is no reason to keep the answers of the others; its hold has been released.
            LogFailed(logger, exception, batchId, index);
            return ItemOutcome.Of(new Refusal(RefusalCodes.Internal, "Something went wrong on our side. The request id finds it in the logs."));
        }
    }

    private async Task<string> BodyOfAsync(BillableItem item, Claim? claim, Served served) => served.ReplayedBody
        ?? (claim is null ? await item.WriteAsync(served) : await replays.KeepBodyAsync(request.Caller.AccountId, claim, served.OperationId, await item.WriteAsync(served)));

    private static ItemOutcome NotReached(Refusal? waitedFor)
    {
        var refusal = new Refusal(RefusalCodes.NotReached, "The batch was over before this item could begin. Nothing was charged for it.", UsualPause);
        return ItemOutcome.Of(waitedFor is null ? refusal : refusal.With("waitedFor", waitedFor.Code));
    }

    private static ItemOutcome NotFinished(string? operationId)
    {
        var refusal = new Refusal(
            RefusalCodes.NotFinished, "This item was still under way when the batch was answered. It is seen through; repeat the batch with its Idempotency-Key for its answer.", UsualPause);
        return ItemOutcome.Of(operationId is null ? refusal : refusal.With(Replays.OperationFact, operationId));
    }

    [LoggerMessage(LogLevel.Error, "Storage did not answer item {Index} of batch {BatchId}.")]
    private static partial void LogStorage(ILogger logger, Exception exception, string batchId, int index);

    [LoggerMessage(LogLevel.Error, "Item {Index} of batch {BatchId} failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string batchId, int index);
}
