using System.Text.Json;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Subscriptions;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>Plans and alerts after a run: each period granted its credits once, the plan is the one that was set last, and each alert had its cause.</summary>
internal sealed class PlanAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    private static readonly int[] Levels = [80, 90, 100];

    // Of two machines, one ahead and one behind.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(11);

    public void Check()
    {
        foreach (var (user, rows) in accounts.Where(account => account.Value.State is not null))
        {
            CheckGrants(user, rows);
            CheckPlan(user, rows.State!);
            // Alerts do not stay when their owner is forgotten.
            if (!ErasedAccounts.Has(user))
            {
                CheckAlerts(user, rows);
            }
        }
    }

    private void CheckGrants(string user, AccountRowsRead rows)
    {
        foreach (var change in rows.PlanEvents.GroupBy(change => change.OperationId, StringComparer.Ordinal))
        {
            // What is granted can expire under the same name later.
            var entries = rows.Entries.Where(entry => entry.OperationId == change.Key && entry.Kind == EntryKind.Grant).ToList();
            if (entries.Sum(entry => entry.AmountMicro) != change.Sum(one => one.GrantedMicro) || entries.Count > 1)
            {
                world.Violate($"{user}: {string.Join(" | ", change)} and the ledger differ: {string.Join(", ", entries)}.");
            }
        }

        foreach (var renewed in rows.PlanEvents.Where(change => change.Kind == SubscriptionEventKind.Renewed && change.GrantedMicro != change.Terms.CreditsMicro))
        {
            world.Violate($"{user}: {renewed} is not what was agreed on.");
        }

        // What an admin gave is taken up again within its period, and grants nothing anew.
        foreach (var (before, after) in rows.PlanEvents.Zip(rows.PlanEvents.Skip(1)).Where(pair => pair.Second is { Kind: SubscriptionEventKind.Started, Reason: Admin.SetPlan } && pair.First.PeriodStart < pair.Second.At && pair.Second.At < pair.First.PeriodEnd))
        {
            world.Violate($"{user}: {after} was begun, and not taken up again, after {before}.");
        }

        // Clocks that are wrong put the end of one before its beginning, or after the next one's.
        bool HasEnded(SubscriptionEvent one, SubscriptionEvent next) => rows.PlanEvents.Exists(change => change.Kind == SubscriptionEventKind.Ended && one.At - ClockSkew < change.At && change.At < next.At + ClockSkew);
        foreach (var (before, after) in rows.PlanEvents.Zip(rows.PlanEvents.Skip(1)).Where(pair => pair.Second.Kind == SubscriptionEventKind.Started && pair.First.Kind != SubscriptionEventKind.Ended && !HasEnded(pair.First, pair.Second) && pair.First.PeriodStart < pair.Second.At && pair.Second.At < pair.First.PeriodEnd))
        {
            world.Violate($"{user}: {after} began in the middle of {before}.");
        }

        foreach (var period in rows.PlanEvents.Where(change => change.Kind != SubscriptionEventKind.Ended).GroupBy(change => change.PeriodStart))
        {
            var most = period.Max(change => change.Terms.CreditsMicro);
            if (period.Sum(change => change.GrantedMicro) > most)
            {
                world.Violate($"{user}: the period from {period.Key:O} granted {period.Sum(change => change.GrantedMicro)} of {most} micro-credits: {string.Join(" | ", period)}.");
            }
        }
    }

    private void CheckPlan(string user, AccountState state)
    {
        var path = $"api/manage/users/{user}/subscription";
        var changes = world.Exchanges.Where(exchange => exchange.Path == path).TakeLast(2).ToList();
        // What was not answered may still have been on its way when the next one found nothing to change.
        if (changes is not [.., { Reply.Status: 200 } last] || changes[0].Reply is null or { Status: >= 500 })
        {
            return;
        }

        // As it would be now: what is over is put in order by whoever comes next.
        state = Account.Decide(state, new Sweep(), world.Time.GetUtcNow()).State;
        var asked = JsonDocument.Parse(last.Body!).RootElement;
        var plan = asked.GetProperty("plan").GetString();
        var mayBeOver = asked.GetProperty("expiry_date").ValueKind != JsonValueKind.Null;
        if (state.PlanId != plan && !(mayBeOver && state.PlanId is null))
        {
            world.Violate($"{user} has the plan {state.PlanId}, after {last}.");
        }
    }

    private void CheckAlerts(string user, AccountRowsRead rows)
    {
        foreach (var alert in rows.Alerts.Where(alert => alert.Kind == AlertKind.Limit && alert.Used * 100 < alert.Limit * alert.Level))
        {
            world.Violate($"{user}: {alert} had no cause.");
        }

        foreach (var alert in rows.Alerts.Where(alert => alert.Kind == AlertKind.Limit))
        {
            var missing = Levels.Where(level => alert.Used * 100 >= alert.Limit * level)
                .Where(level => !rows.Alerts.Exists(other => other.Period == alert.Period && other.Plan == alert.Plan && other.Subject == alert.Subject && other.Level == level));
            foreach (var level in missing)
            {
                world.Violate($"{user}: {alert} was raised, and {level} % was not.");
            }
        }

        foreach (var day in rows.Days)
        {
            var raised = rows.Alerts.Where(alert => alert.Kind == AlertKind.Limit && alert.Period == day.Day).Select(alert => $"{alert.Plan}.{alert.Subject}-{alert.Level}").ToList();
            world.Coverage.Add("alert of a day's limit", raised.Count > 0);
            if (!day.Alerted.SetEquals(raised))
            {
                world.Violate($"{user}: {day.Day} knows of the alerts {string.Join(", ", day.Alerted)}, the rows are {string.Join(", ", raised)}.");
            }
        }

        foreach (var month in rows.Months)
        {
            var raised = rows.Alerts.Where(alert => alert.Kind == AlertKind.Limit && alert.Period == month.Month).Select(alert => $"{alert.Plan}.{alert.Subject}-{alert.Level}").ToList();
            if (!month.Alerted.SetEquals(raised))
            {
                world.Violate($"{user}: {month.Month} knows of the alerts {string.Join(", ", month.Alerted)}, the rows are {string.Join(", ", raised)}.");
            }
        }
    }
}
