using Microsoft.Extensions.Logging;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Payments;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Privacy;

/// <summary>
/// Forgets users. The numbers move under a name that leads to nobody, everything else is deleted. Each step can be done again: a row of the table
/// <c>erasures</c>, written first and deleted last, makes a timer carry on where a crash or an outage left off.
/// </summary>
public sealed partial class Erasures(
    ErasureJobs jobs, ErasedRows rows, AccountStore accounts, Unsettled unsettled, UsageLog usageLog, CacheHits cacheHits, Members members, ActiveIndex active, Partings partings, Farewells farewells, OutboxErasure outbox, ApiKeys keys,
    IIdSource ids, TimeProvider time, ILogger<Erasures> logger)
{
    /// <summary>Longer than any instance collects lines before it writes them: what comes after the deletion goes, too.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromMinutes(15);

    /// <summary>Closes the account at once and erases it.</summary>
    /// <returns>Null when it is closed; what is not erased yet, the timer erases. Else why it cannot be closed now.</returns>
    public async Task<Refusal?> EraseAsync(string accountId, CancellationToken cancellationToken)
    {
        var state = await accounts.ReadStoredAsync(accountId);
        if (await jobs.FindOrAddAsync(accountId, state?.CreatedAt, cancellationToken) is not { } job)
        {
            return Refusal.AccountBusy();
        }

        if (await CloseAsync(job, cancellationToken) is { } refusal)
        {
            if (string.Equals(refusal.Code, RefusalCodes.Conflict, StringComparison.Ordinal))
            {
                // Whoever was told to ask again is not deleted before they do.
                await jobs.ForgetAsync(job, cancellationToken);
            }

            return refusal;
        }

        try
        {
            await FinishAsync(job, cancellationToken);
        }
        catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            LogNotFinished(logger, exception);
        }

        return null;
    }

    /// <summary>Carries on with whatever was begun.</summary>
    /// <returns>How many wishes it went on with.</returns>
    public async Task<int> FinishAllAsync(CancellationToken cancellationToken)
    {
        var done = 0;
        await foreach (var listed in jobs.ReadAsync(cancellationToken))
        {
            try
            {
                // The list takes a while, and others walk it too.
                if (await jobs.FindAsync(listed, cancellationToken) is { } job && (job.Stage > ErasureStage.Asked || await CloseAsync(job, cancellationToken) is null))
                {
                    await FinishAsync(job, cancellationToken);
                    done++;
                }
            }
            catch (Exception exception) when (StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
            {
                // The next run comes back to it; the others do not wait.
                LogNotFinished(logger, exception);
            }
        }

        return done;
    }

    private async Task<Refusal?> CloseAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        if (job.Of is { } of)
        {
            // What is owed is charged first: a closed account pays for nothing any more.
            if (!await unsettled.FinishOfAsync(job.AccountId, cancellationToken))
            {
                return Refusal.StorageUnavailable();
            }

            // Who is closed already, or gone, has come further than this by another instance.
            var closing = await accounts.ExecuteAsync(job.AccountId, new Close(ids.NewOperationId(), of, IsCopied: false)) as Refused;
            if (closing is { Refusal: { Code: not RefusalCodes.AccountClosed } refusal })
            {
                return refusal;
            }
        }

        if (await partings.BeginAsync(job, cancellationToken) is { } notYet)
        {
            return notYet;
        }

        if (!await IsBackAsync(job))
        {
            // An empty account would be topped up for ever.
            await farewells.BeginAsync(job.AccountId, hasAccount: job.Of is not null, cancellationToken);
            await keys.DeleteOfAsync(job.AccountId, cancellationToken);
        }

        return null;
    }

    /// <summary>Whether who has the name now has come back since, with an account of which nobody asked anything.</summary>
    private async Task<bool> IsBackAsync(ErasureJob job) => await accounts.ReadStoredAsync(job.AccountId) is { } present && present.CreatedAt != job.Of;

    private async Task FinishAsync(ErasureJob asked, CancellationToken cancellationToken)
    {
        var job = asked.Stage == ErasureStage.Asked ? await jobs.MarkAsync(asked, ErasureStage.Parted, cancellationToken) : asked;
        job = job is { Stage: ErasureStage.Parted } ? await BuryAsync(job, cancellationToken) : job;
        if (job is null)
        {
            // The timer comes back to it, unless others are at it.
            return;
        }

        // What this instance has collected comes before the deletion; what others have, soon after it.
        await cacheHits.FlushAsync(cancellationToken);
        await usageLog.FlushAsync(cancellationToken);
        if (await rows.DeleteAsync(job, cancellationToken))
        {
            await OutliveAsync(job, cancellationToken);
        }
    }

    /// <returns>What is left of the wish; null when it cannot go on now.</returns>
    private async Task<ErasureJob?> BuryAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        if (!await CopyAsync(job, cancellationToken))
        {
            return null;
        }

        var isBack = await IsBackAsync(job);
        if (!isBack)
        {
            await outbox.ForgetAsync(job.AccountId, cancellationToken);
        }

        if (job.Of is null && !await rows.DeleteAsync(job, cancellationToken))
        {
            return null;
        }

        await members.BuryAsync(job.AccountId, isBack, cancellationToken);
        return await jobs.MarkAsync(job, ErasureStage.Buried, cancellationToken);
    }

    /// <returns>False: nothing is deleted before the original says that it counts no longer.</returns>
    private async Task<bool> CopyAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        if (job.Of is not { } of)
        {
            return true;
        }

        if (await accounts.ReadStoredAsync(job.AccountId) is not { } state)
        {
            // Asked again while another instance came to its end: what was kept until the orders were finished is not needed any more.
            await farewells.BeginAsync(job.AccountId, hasAccount: false, cancellationToken);
            return true;
        }

        if (state.CreatedAt != of)
        {
            return true;
        }

        if (!state.IsErased)
        {
            await farewells.FinishAsync(job.AccountId, cancellationToken);
            if (!await rows.CopyAsync(job, cancellationToken) || await accounts.ExecuteAsync(job.AccountId, new Close(ids.NewOperationId(), of, IsCopied: true)) is not Closed)
            {
                return false;
            }
        }

        // So that whoever reconciles the platform's spend finds the numbers where they are now, for this month and the one before.
        var now = time.GetUtcNow();
        await active.TouchAsync(job.Pseudonym, now);
        await active.TouchAsync(job.Pseudonym, new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddHours(-1));
        return true;
    }

    // A team that was founded is looked at once more when nothing can be under way any more.
    private async Task OutliveAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        if (job.At + Quiet <= time.GetUtcNow())
        {
            await partings.FinishAsync(job, cancellationToken);
            await jobs.ForgetAsync(job, cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Warning, "An account that is closed could not be erased yet.")]
    private static partial void LogNotFinished(ILogger logger, Exception exception);
}
