using Microsoft.Extensions.Logging;
using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts;

/// <summary>A command that waits for its outcome.</summary>
internal sealed class Pending(Command command)
{
    public Command Command => command;

    /// <summary>An earlier attempt's reply was lost, so its rows may be there.</summary>
    public bool MayHaveHappened { get; set; }

    public TaskCompletionSource<Outcome> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// One account's commands in this instance, in order. While a transaction is under way further commands wait; then all that wait are
/// committed together (group commit).
/// </summary>
internal sealed partial class AccountLane(string accountId, LaneContext context)
{
    private const int WaitingLimit = 1_000;
    private const int BatchLimit = 100;

    private readonly Lock gate = new();
    private readonly LinkedList<Pending> waiting = new();
    private readonly AccountCommitter committer = new(accountId, context);
    private bool isWorking;

    public bool IsIdle
    {
        get
        {
            lock (gate)
            {
                return !isWorking;
            }
        }
    }

    public Task<Outcome> ExecuteAsync(Command command)
    {
        var pending = new Pending(command);
        lock (gate)
        {
            if (waiting.Count >= WaitingLimit)
            {
                return Task.FromResult<Outcome>(new Refused(Refusal.AccountBusy()));
            }

            waiting.AddLast(pending);
            if (!isWorking)
            {
                isWorking = true;
                _ = WorkAsync();
            }
        }

        return pending.Result.Task;
    }

    private async Task WorkAsync()
    {
        // Off the caller's stack, and after whoever is ready to join this batch.
        await Task.Yield();
        while (TakeBatch() is { Count: > 0 } batch)
        {
            try
            {
                PutBack(await committer.CommitAsync(batch));
            }
            catch (Exception exception)
            {
                // A bug or a row that cannot be read. Those who wait must hear of it; the lane goes on.
                LogFailure(context.Logger, exception, accountId);
                foreach (var pending in batch)
                {
                    pending.Result.TrySetException(exception);
                }
            }
        }
    }

    private List<Pending> TakeBatch()
    {
        lock (gate)
        {
            var batch = new List<Pending>();
            while (batch.Count < BatchLimit && waiting.First is { } first)
            {
                batch.Add(first.Value);
                waiting.RemoveFirst();
            }

            isWorking = batch.Count > 0;
            return batch;
        }
    }

    // The transaction was full: whoever did not fit goes first into the next one.
    private void PutBack(IReadOnlyList<Pending> left)
    {
        lock (gate)
        {
            for (var i = left.Count - 1; i >= 0; i--)
            {
                waiting.AddFirst(left[i]);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "A command of account {AccountId} failed.")]
    private static partial void LogFailure(ILogger logger, Exception exception, string accountId);
}
