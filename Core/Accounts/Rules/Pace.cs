using ServerlessAi.Primitives;

namespace ServerlessAi.Accounts.Rules;

/// <summary>How fast billable requests may follow each other. Only admitted requests count.</summary>
internal static class Pace
{
    /// <summary>Between starts: a batch starts with the first of its items, whatever comes between it and the others.</summary>
    public static Refusal? Spacing(Admission admission)
    {
        var spacing = TimeSpan.FromMilliseconds(admission.Limits.SpacingMs);
        if (admission.State.Rate.LastAdmittedAt is not { } last || RateWindow.HasBegun(admission.State.Rate, admission.Command.Batch))
        {
            return null;
        }

        // Another instance's clock may be ahead by minutes; only a distance below the spacing, either way, is too close.
        var wait = spacing - (admission.Now - last).Duration();
        return wait <= TimeSpan.Zero
            ? null
            : new Refusal(RefusalCodes.RateLimited, $"One request may start every {admission.Limits.SpacingMs} ms.", wait);
    }

    /// <summary>A sliding minute, estimated from two fixed ones: the previous minute counts by the share of it still in the window.</summary>
    public static Refusal? RequestsPerMinute(Admission admission)
    {
        var limit = admission.Limits.RequestsPerMinute;
        if (limit == 0)
        {
            return null;
        }

        var rate = RateWindow.Roll(admission.State.Rate, admission.Now);
        var elapsed = RateWindow.ElapsedShare(rate, admission.Now);
        if (rate.Count + rate.PreviousCount * (1 - elapsed) < limit)
        {
            return null;
        }

        var wait = rate.Count >= limit ? 1 - elapsed : 1 - (limit - rate.Count) / (double)rate.PreviousCount - elapsed;
        return new Refusal(RefusalCodes.RateLimited, $"At most {limit} requests a minute.", TimeSpan.FromMinutes(wait))
            .With("limit", limit);
    }
}

/// <summary>The arithmetic of the requests-a-minute window.</summary>
internal static class RateWindow
{
    /// <summary>Batches of one account that are remembered to have begun; the state must stay small. Of one that was forgotten, the next item is a start.</summary>
    public const int BatchesLimit = 8;

    public static bool HasBegun(RateUse rate, string? batch) => batch is not null && rate.Batches.Contains(batch, StringComparer.Ordinal);

    /// <param name="batch">The batch it is an item of; null for none.</param>
    public static RateUse Admit(RateUse rate, string? batch, DateTimeOffset now)
    {
        var rolled = Roll(rate, now);
        var counted = rolled with { Count = rolled.Count + 1 };
        if (HasBegun(rate, batch))
        {
            return counted;
        }

        return counted with
        {
            LastAdmittedAt = rate.LastAdmittedAt > now ? rate.LastAdmittedAt : now,
            Batches = batch is null ? rate.Batches : [batch, .. rate.Batches.Take(BatchesLimit - 1)],
        };
    }

    public static RateUse Roll(RateUse rate, DateTimeOffset now)
    {
        var minute = now.ToUnixTimeSeconds() / 60;
        return (minute - rate.Minute) switch
        {
            <= 0 => rate,
            1 => rate with { Minute = minute, PreviousCount = rate.Count, Count = 0 },
            _ => rate with { Minute = minute, PreviousCount = 0, Count = 0 },
        };
    }

    /// <summary>Requests that the window would admit now; 0 where there is no limit.</summary>
    public static int Left(RateUse rate, int limit, DateTimeOffset now)
    {
        var rolled = Roll(rate, now);
        var used = rolled.Count + rolled.PreviousCount * (1 - ElapsedShare(rolled, now));
        return (int)Math.Max(0, Math.Ceiling(limit - used));
    }

    public static double ElapsedShare(RateUse rate, DateTimeOffset now) =>
        Math.Clamp((now.ToUnixTimeMilliseconds() - rate.Minute * 60_000) / 60_000d, 0, 1);
}
