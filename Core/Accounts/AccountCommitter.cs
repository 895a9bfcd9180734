using Azure;
using Microsoft.Extensions.Logging;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>
/// Folds a batch of commands into one conditional transaction and writes it, again and again until it is written or refused. The last state and
/// tag stay in memory, so the common path reads nothing. One batch at a time: the lane sees to that.
/// </summary>
internal sealed partial class AccountCommitter(string accountId, LaneContext context)
{
    private const int Exists = 409;
    private const int Changed = 412;

    private Snapshot? known;

    // A write whose reply never came, of this batch or an earlier one, and no write since that its condition could not survive.
    private bool mayArriveLate;

    /// <summary>Carries out a batch and tells everybody in it what it came to.</summary>
    /// <returns>The tail that did not fit the transaction; it has not been carried out.</returns>
    public async Task<IReadOnlyList<Pending>> CommitAsync(IReadOnlyList<Pending> batch)
    {
        var startedAt = context.Time.GetTimestamp();
        for (var conflicts = 0; ;)
        {
            try
            {
                if (await TryCommitAsync(batch) is { } left)
                {
                    return left;
                }
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                // Missing is what another instance has erased: the user's next request begins anew.
                known = null;
                if (exception.Status == Exists)
                {
                    // A row of ours is there already, from a call whose reply was lost.
                    MarkMayHaveHappened(batch);
                }

                if (++conflicts >= context.Options.ConflictAttempts)
                {
                    return Refuse(batch, Refusal.AccountBusy());
                }

                await PauseAsync(Math.Min(conflicts, 6));
            }
            catch (Exception exception) when (StorageFaults.IsUnavailable(exception))
            {
                known = null;
                mayArriveLate = true;
                LogUnavailable(context.Logger, exception, accountId);
                MarkMayHaveHappened(batch);
                if (context.Time.GetElapsedTime(startedAt).TotalMilliseconds >= context.Options.PatienceMs)
                {
                    return Refuse(batch, Refusal.StorageUnavailable());
                }

                await PauseAsync(4);
            }
        }
    }

    /// <summary>A new account: empty, or with its sign-up grant, which is for users alone.</summary>
    /// <param name="forgottenAt">Until when its user was here before, and was welcomed then; null for who was not.</param>
    public static Decision Opened(string accountId, AccountOptions options, DateTimeOffset now, DateTimeOffset? forgottenAt)
    {
        var state = AccountState.Open(accountId, now, forgottenAt);
        return options.SignUp == 0 || forgottenAt is not null || SystemAccounts.Has(state.AccountId) || GuestAccounts.Has(state.AccountId) || TeamAccounts.Has(state.AccountId)
            ? new Decision(state, new Swept())
            : Account.Decide(state, new Grant("signup", GrantKind.SignUp, Money.FromCredits(options.SignUp), "sign_up"), now);
    }

    private async Task<Fold> OpenAsync(DateTimeOffset now)
    {
        var forgottenAt = await context.Members.FindForgottenAsync(accountId);
        var fold = new Fold(new Snapshot(AccountState.Open(accountId, now, forgottenAt), ETag: null));
        fold.TryAdd(Opened(accountId, context.Options, now, forgottenAt), keepsState: false);
        return fold;
    }

    /// <summary>Folds and writes once. Null: what was decided came from a remembered state and has to be decided on a fresh one.</summary>
    private async Task<IReadOnlyList<Pending>?> TryCommitAsync(IReadOnlyList<Pending> batch)
    {
        // Until the write is known to have succeeded nothing is known.
        var remembered = known;
        known = null;
        var snapshot = remembered ?? await context.Table.ReadAsync(accountId);
        var now = context.Time.GetUtcNow();
        if (batch.Any(pending => pending.Command is Reserve or Remember or Once { Claim: not null }))
        {
            await context.Active.TouchAsync(accountId, now);
        }

        var fold = snapshot is null ? await OpenAsync(now) : new Fold(snapshot);
        var outcomes = await DecideAsync(fold, batch, now);
        if (fold.Tallies.ChangedRows > 0)
        {
            // Whoever adds up a month's reports walks these marks: purchases and late charges are found by them too.
            await context.Active.TouchAsync(accountId, now);
        }

        if (remembered is not null && !fold.HasWrites && outcomes.Exists(CanBeStale))
        {
            return null;
        }

        if (outcomes.Where((outcome, i) => outcome is Refused { Refusal.Code: not RefusalCodes.AccountClosed } && (mayArriveLate || batch[i].MayHaveHappened || batch[i].Command is Once { MayHaveHappened: true })).Any())
        {
            // An earlier attempt, or the same command given before, may still be on its way. Its condition must fail, or what is refused here would happen after all.
            // What comes to a closed account met a tag that closing it has changed.
            fold.Fence();
        }

        if (snapshot is null && fold.HasWrites)
        {
            await context.Members.RegisterAsync(accountId);
        }

        if (fold.Alerts.Count > 0)
        {
            // Before the rows that make it true: a crash in between leaves an intent that finds nothing, not an alert that nobody is told of.
            await context.Outbox.EnlistAsync(accountId, fold.Alerts, now);
        }

        known = fold.HasWrites ? await WriteAsync(fold) : snapshot;
        for (var i = 0; i < outcomes.Count; i++)
        {
            batch[i].Result.TrySetResult(outcomes[i]);
        }

        return [.. batch.Skip(outcomes.Count)];
    }

    private async Task<Snapshot> WriteAsync(Fold fold)
    {
        var written = new Snapshot(fold.State, await context.Table.CommitAsync(fold)) { Tallies = fold.Tallies };
        mayArriveLate = false;
        // Only here, so that the platform's spend is the sum of recorded costs. What a lost reply leaves out comes back when spend is reconciled.
        foreach (var (month, costNanoUsd, calls) in fold.Spent())
        {
            context.Spend.Add(month, costNanoUsd, calls);
        }

        foreach (var decision in fold.Counted)
        {
            context.Use.Add(decision);
        }

        return written;
    }

    /// <summary>Decides the batch in order, as far as its rows fit one transaction.</summary>
    private async Task<List<Outcome>> DecideAsync(Fold fold, IReadOnlyList<Pending> batch, DateTimeOffset now)
    {
        var outcomes = new List<Outcome>(batch.Count);
        foreach (var pending in batch)
        {
            var command = await WithImageAsync(await WithClaimAsync(await WithRecordAsync(pending, fold), fold));
            var decision = Account.Decide(fold.State, command, now);
            var rolls = decision.Outcome is Swept && !string.Equals(fold.State.Day.Day, decision.State.Day.Day, StringComparison.Ordinal);
            await fold.Tallies.LoadAsync(decision, month => context.Table.ReadReportAsync(accountId, month), chat => context.Table.ReadChatAsync(accountId, chat));
            if (!fold.TryAdd(decision, rolls))
            {
                break;
            }

            outcomes.Add(decision.Outcome);
        }

        return outcomes;
    }

    /// <summary>Gives the decider the row of an operation that may have run before: its state alone does not remember ended ones.</summary>
    private async Task<Command> WithRecordAsync(Pending pending, Fold fold) => pending.Command switch
    {
        Settle settle when !IsOpen(fold, settle) => settle with { Recorded = await FindHoldAsync(fold, settle) },
        Release release when !IsOpen(fold, release) => release with { Recorded = await FindHoldAsync(fold, release) },
        Reserve reserve when pending.MayHaveHappened && !IsOpen(fold, reserve) => reserve with { Recorded = await FindHoldAsync(fold, reserve) },
        Once once => once with { Recorded = await FindOperationAsync(fold, once) },
        var command => command,
    };

    /// <summary>Gives the decider the present owner of an idempotency key. Whoever takes it over meanwhile changes the account's tag, too.</summary>
    private async Task<Command> WithClaimAsync(Command command, Fold fold) => command switch
    {
        Reserve { Claim: { } claim } reserve when !IsOpen(fold, reserve) => reserve with { RecordedClaim = await FindClaimAsync(fold, claim) },
        Settle { Recorded.Hold.Claim: { } claim } settle => settle with { RecordedClaim = await FindClaimAsync(fold, claim) },
        Once { Claim: { } claim } once => once with { RecordedClaim = await FindClaimAsync(fold, claim) },
        Remember remember => remember with { RecordedClaim = await FindClaimAsync(fold, remember.Claim) },
        _ => command,
    };

    /// <summary>Tells the decider whether the gallery has an image, where the state cannot know. Two commands about one image are never folded together.</summary>
    private async Task<Command> WithImageAsync(Command command) => command switch
    {
        JoinImage { Image: var image } join => join with { IsThere = await context.Table.HasImageAsync(accountId, image.Id, image.CreatedAt) },
        RemoveImage remove => remove with
        {
            IsThere = await context.Table.HasImageAsync(accountId, remove.ImageId, remove.CreatedAt),
            HasPointer = await context.Table.HasImagePointerAsync(accountId, remove.ImageId),
        },
        Settle { Recorded: not null, Image: { } image } settle => settle with { HasJoined = await context.Table.HasImageAsync(accountId, image.Id, image.CreatedAt) },
        _ => command,
    };

    private async Task<ClaimRecord?> FindClaimAsync(Fold fold, Claim claim) =>
        fold.FindClaim(claim.KeyHash) ?? await context.Table.ReadClaimAsync(accountId, claim.KeyHash);

    /// <summary>The row of a hold that is not open in the state.</summary>
    private async Task<HoldRecord?> FindHoldAsync(Fold fold, Command command)
    {
        if (fold.FindHold(command.OperationId) is { } folded)
        {
            return folded;
        }

        var record = await context.Table.ReadHoldAsync(accountId, command.OperationId);
        return record is { Status: HoldStatus.Open }
            ? throw new RequestFailedException(Changed, $"Hold {command.OperationId} is open in its row and not in the state that was read before: somebody else has written since.")
            : record;
    }

    private async Task<OperationRecord?> FindOperationAsync(Fold fold, Command command) =>
        fold.FindOperation(command.OperationId) ?? await context.Table.ReadOperationAsync(accountId, command.OperationId);

    private static bool IsOpen(Fold fold, Command command) =>
        fold.State.Holds.Any(hold => string.Equals(hold.OperationId, command.OperationId, StringComparison.Ordinal));

    // What is written proves by its condition that the remembered state was the present one; what only refuses, or finds nothing to do, proves nothing.
    // Pace only tightens as others write; every other refusal may have been lifted by another instance.
    private static bool CanBeStale(Outcome outcome) => outcome switch
    {
        Refused refused => refused.Refusal.Code is not (RefusalCodes.RateLimited or RefusalCodes.InvalidRequest),
        Claimed claimed => !claimed.Record.IsAnswered,
        Swept => true,
        _ => false,
    };

    // Full jitter: two instances that met once should not meet again.
    private Task PauseAsync(int exponent) =>
        Task.Delay(TimeSpan.FromMilliseconds(1 + context.Ids.NextJitter() * (4 << exponent)), context.Time);

    private static void MarkMayHaveHappened(IReadOnlyList<Pending> batch)
    {
        foreach (var pending in batch)
        {
            pending.MayHaveHappened = true;
        }
    }

    private static IReadOnlyList<Pending> Refuse(IReadOnlyList<Pending> batch, Refusal refusal)
    {
        foreach (var pending in batch)
        {
            pending.Result.TrySetResult(new Refused(refusal));
        }

        return [];
    }

    [LoggerMessage(LogLevel.Warning, "Storage did not answer for account {AccountId}.")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string accountId);
}
