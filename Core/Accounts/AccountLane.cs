using System.Runtime.ExceptionServices;
using Azure;
using Microsoft.Extensions.Logging;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// One account's commands in this instance, in order. While a transaction is under way further commands wait; then all that wait are
/// folded into the next one (group commit). The last state and tag stay in memory, so the common path reads nothing.
/// </summary>
internal sealed partial class AccountLane(string accountId, LaneContext context)
{
    private const int WaitingLimit = 1_000;
    private const int BatchLimit = 100;

    private readonly Lock gate = new();
    private readonly LinkedList<Pending> waiting = new();
    private bool isWorking;
    private Snapshot? known;

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

    /// <summary>A new account: empty, or with its sign-up grant.</summary>
    public static Decision Opened(string accountId, AccountOptions options, DateTimeOffset now)
    {
        var state = AccountState.Open(accountId, now);
        return options.SignUp == 0
            ? new Decision(state, new Swept())
            : Account.Decide(state, new Grant("signup", GrantKind.SignUp, Money.FromCredits(options.SignUp), "sign_up"), now);
    }

    private async Task WorkAsync()
    {
        // Off the caller's stack, and after whoever is ready to join this batch.
        await Task.Yield();
        while (TakeBatch() is { Count: > 0 } batch)
        {
            try
            {
                await CommitAsync(batch);
            }
            catch (Exception exception)
            {
                // A bug or a row that cannot be read. Those who wait must hear of it; the lane goes on.
                known = null;
                LogFailure(context.Logger, exception, accountId);
                foreach (var pending in batch)
                {
                    pending.Result.TrySetException(ExceptionDispatchInfo.SetCurrentStackTrace(exception));
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

    private async Task CommitAsync(List<Pending> batch)
    {
        var startedAt = context.Time.GetTimestamp();
        for (var conflicts = 0; ;)
        {
            try
            {
                if (await TryCommitAsync(batch))
                {
                    return;
                }
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
            {
                known = null;
                if (++conflicts >= context.Options.ConflictAttempts)
                {
                    Refuse(batch, Refusal.AccountBusy());
                    return;
                }

                await PauseAsync(Math.Min(conflicts, 6));
            }
            catch (Exception exception) when (StorageFaults.IsUnavailable(exception))
            {
                known = null;
                batch.ForEach(pending => pending.MayHaveHappened = true);
                LogUnavailable(context.Logger, exception, accountId);
                if (context.Time.GetElapsedTime(startedAt).TotalMilliseconds >= context.Options.PatienceMs)
                {
                    Refuse(batch, Refusal.StorageUnavailable());
                    return;
                }

                await PauseAsync(4);
            }
        }
    }

    /// <summary>Folds and writes once. False: the refusals came from a remembered state and have to be decided on a fresh one.</summary>
    private async Task<bool> TryCommitAsync(List<Pending> batch)
    {
        var isFresh = known is null;
        var snapshot = known ?? await context.Table.ReadAsync(accountId);
        var now = context.Time.GetUtcNow();
        if (batch.Exists(pending => pending.Command is Reserve))
        {
            await context.Active.TouchAsync(accountId, now);
        }

        var fold = new Fold(snapshot ?? new Snapshot(AccountState.Open(accountId, now), ETag: null));
        if (snapshot is null)
        {
            fold.TryAdd(Opened(accountId, context.Options, now), keepsState: false);
        }

        var outcomes = await DecideAsync(fold, batch, now);
        if (!isFresh && outcomes.Exists(outcome => outcome is Refused refused && CanBeStale(refused.Refusal)))
        {
            known = null;
            return false;
        }

        if (fold.HasWrites)
        {
            known = new Snapshot(fold.State, await context.Table.CommitAsync(fold));
        }
        else if (snapshot is not null)
        {
            known = snapshot;
        }

        for (var i = 0; i < outcomes.Count; i++)
        {
            batch[i].Result.TrySetResult(outcomes[i]);
        }

        return true;
    }

    private async Task<List<Outcome>> DecideAsync(Fold fold, List<Pending> batch, DateTimeOffset now)
    {
        var outcomes = new List<Outcome>(batch.Count);
        while (outcomes.Count < batch.Count)
        {
            var pending = batch[outcomes.Count];
            var before = fold.State;
            var decision = Account.Decide(before, await WithRecordAsync(pending, fold), now);
            var rolls = decision.Outcome is Swept && !string.Equals(before.Day.Day, decision.State.Day.Day, StringComparison.Ordinal);
            if (!fold.TryAdd(decision, rolls))
            {
                PutBack(batch, outcomes.Count);
                break;
            }

            outcomes.Add(decision.Outcome);
        }

        return outcomes;
    }

    // The transaction is full: whoever does not fit goes first into the next one.
    private void PutBack(List<Pending> batch, int from)
    {
        lock (gate)
        {
            for (var i = batch.Count - 1; i >= from; i--)
            {
                waiting.AddFirst(batch[i]);
            }
        }

        batch.RemoveRange(from, batch.Count - from);
    }

    /// <summary>Gives the decider the row of an operation that may have run before: its state alone does not remember ended ones.</summary>
    private async Task<Command> WithRecordAsync(Pending pending, Fold fold) => pending.Command switch
    {
        Settle settle when !IsOpen(fold, settle) => settle with { Recorded = await FindHoldAsync(fold, settle) },
        Release release when !IsOpen(fold, release) => release with { Recorded = await FindHoldAsync(fold, release) },
        Reserve reserve when pending.MayHaveHappened && !IsOpen(fold, reserve) => reserve with { Recorded = await FindHoldAsync(fold, reserve) },
        Grant grant => grant with { Recorded = await FindOperationAsync(fold, grant) },
        Deduct deduct => deduct with { Recorded = await FindOperationAsync(fold, deduct) },
        var command => command,
    };

    private async Task<HoldRecord?> FindHoldAsync(Fold fold, Command command) =>
        fold.FindHold(command.OperationId) ?? await context.Table.ReadHoldAsync(accountId, command.OperationId);

    private async Task<OperationRecord?> FindOperationAsync(Fold fold, Command command) =>
        fold.FindOperation(command.OperationId) ?? await context.Table.ReadOperationAsync(accountId, command.OperationId);

    private static bool IsOpen(Fold fold, Command command) =>
        fold.State.Holds.Any(hold => string.Equals(hold.OperationId, command.OperationId, StringComparison.Ordinal));

    // Pace only tightens as others write; every other refusal may have been lifted by another instance.
    private static bool CanBeStale(Refusal refusal) =>
        !string.Equals(refusal.Code, RefusalCodes.RateLimited, StringComparison.Ordinal)
        && !string.Equals(refusal.Code, RefusalCodes.InvalidRequest, StringComparison.Ordinal);

    // Full jitter: two instances that met once should not meet again.
    private Task PauseAsync(int exponent) =>
        Task.Delay(TimeSpan.FromMilliseconds(1 + context.Ids.NextJitter() * (4 << exponent)), context.Time);

    private static void Refuse(List<Pending> batch, Refusal refusal) =>
        batch.ForEach(pending => pending.Result.TrySetResult(new Refused(refusal)));

    [LoggerMessage(LogLevel.Warning, "Storage did not answer for account {AccountId}.")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string accountId);

    [LoggerMessage(LogLevel.Error, "A command of account {AccountId} failed.")]
    private static partial void LogFailure(ILogger logger, Exception exception, string accountId);

    private sealed class Pending(Command command)
    {
        public Command Command => command;

        /// <summary>An earlier attempt's reply was lost, so its rows may be there.</summary>
        public bool MayHaveHappened { get; set; }

        public TaskCompletionSource<Outcome> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
