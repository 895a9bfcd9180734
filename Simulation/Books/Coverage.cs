using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>How often the worlds came to each place where money could go wrong: a simulation that never gets there proves nothing.</summary>
internal sealed class Coverage
{
    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    public void Add(AccountRowsRead rows)
    {
        foreach (var hold in rows.Holds)
        {
            Add("hold " + hold.Status.ToString().ToLowerInvariant());
            Add("hold of a renewal", rows.State is { AccountId: SystemAccounts.WarmCache });
            Add("hold settled late", hold.Late);
            Add("hold superseded", hold.Superseded);
            Add("hold with absorbed loss", hold.AbsorbedMicro > 0);
            Add("hold downgraded", hold.Hold.DowngradeReason is not null);
            Add("hold clamped", hold.Hold.Clamped);
            Add("hold of free quota", hold.Hold.FreeImages > 0);
            Add("hold taken and ended in different days", hold.EndedAt is { } end && Periods.DayOf(end) != hold.Hold.Day);
            Add("hold taken and ended in different months", hold.EndedAt is { } at && Periods.MonthOf(at) != hold.Hold.Month);
        }

        foreach (var change in rows.PlanEvents)
        {
            Add("plan " + change.Kind.ToString().ToLowerInvariant());
        }

        foreach (var alert in rows.Alerts)
        {
            Add("alert " + alert.Kind.ToString().ToLowerInvariant());
        }

        foreach (var entry in rows.Entries)
        {
            Add("entry " + entry.Kind.ToString().ToLowerInvariant());
        }
    }

    public void Add(Exchange exchange)
    {
        if (exchange.Reply is not { } reply)
        {
            Add("answer lost");
            Add("answer lost of a stream", exchange.WantsStream);
            return;
        }

        Add($"answer {reply.Status} {reply.Code}".TrimEnd());
        Add("answer replayed", reply.IsReplay);
        Add("answer fetched from a job", reply.IsFollowed);
        if (exchange.IsBillable && reply.Succeeded && !reply.IsReplay)
        {
            Add("answer cached", reply.IsCached);
            Add("answer by another model", reply.Receipt is { } receipt && receipt.TryGetProperty("fallbackReason", out _));
            Add("answer before its charge was written", reply.IsPending);
            Add("answer streamed", reply.IsStream);
            Add("answer streamed in part", reply.IsPartial);
            Add($"answer of {exchange.Path}");
        }
    }

    public void Add(StorageWeather weather)
    {
        foreach (var (kind, count) in weather.Count)
        {
            Counts[$"storage {kind}"] = Counts.GetValueOrDefault($"storage {kind}") + count;
        }
    }

    public void Add(string name, bool happened = true)
    {
        if (happened)
        {
            Counts[name] = Counts.GetValueOrDefault(name) + 1;
        }
    }
}
