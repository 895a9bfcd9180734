using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>A shared account after a run: nobody spent of it more than they may, nor after they had left.</summary>
internal sealed class TeamAudit(World world, AccountsRead accounts)
{
    public void Check()
    {
        if (!accounts.All.TryGetValue(Team.Account, out var rows))
        {
            return;
        }

        var cap = Money.FromCredits(Team.HighestCap);
        // Whose request took a hold the books do not say; the requests themselves do.
        var senders = world.Exchanges.SelectMany(exchange => exchange.OperationIds, (exchange, id) => (Id: id, exchange.User)).DistinctBy(made => made.Id).ToDictionary(made => made.Id, made => made.User, StringComparer.Ordinal);
        foreach (var member in rows.Holds.Where(hold => !hold.Late).GroupBy(hold => (Name: senders.GetValueOrDefault(hold.Hold.OperationId), hold.Hold.Month)))
        {
            world.Coverage.Add("member who spent of the team");
            // What a provider counts beyond the worst case is charged all the same, as everywhere.
            if (member.Key.Name != Team.Owner && member.Sum(hold => Math.Min(hold.ChargedMicro, hold.Hold.HeldMicro)) > cap)
            {
                world.Violate($"{member.Key} spent {member.Sum(hold => hold.ChargedMicro)} micro-credits of the team: {string.Join(" | ", member.Select(hold => $"{hold.Hold.OperationId} {hold.ChargedMicro}"))}.");
            }
        }

        foreach (var hold in rows.Holds.Where(hold => hold.Hold.Member is not { } handle || Team.Has(handle) || !Team.Has(senders.GetValueOrDefault(hold.Hold.OperationId) ?? "")))
        {
            world.Violate($"The team paid for {senders.GetValueOrDefault(hold.Hold.OperationId) ?? "nobody"} as {hold.Hold.Member ?? "nobody"}: {hold.Hold.OperationId}.");
        }

        foreach (var handle in rows.Holds.GroupBy(hold => hold.Hold.Member, StringComparer.Ordinal).Where(holds => holds.Select(hold => senders.GetValueOrDefault(hold.Hold.OperationId)).Distinct(StringComparer.Ordinal).Count() > 1))
        {
            world.Violate($"The team counts several members as {handle.Key}.");
        }

        foreach (var member in Team.Members)
        {
            CheckLeft(member, rows);
        }
    }

    private void CheckLeft(string member, AccountRowsRead rows)
    {
        foreach (var left in world.Exchanges.Where(exchange => exchange is { Method: "DELETE", Reply.Status: 200 } && exchange.Path == $"api/teams/members/{member}"))
        {
            var back = world.Exchanges.Find(exchange => exchange.Number > left.LastBeforeItsEnd && exchange.User == member && exchange.Path == "api/teams/join")?.Number ?? int.MaxValue;
            var after = world.Exchanges.Where(exchange => exchange.User == member && exchange.IsBillable && exchange.Number > left.LastBeforeItsEnd && exchange.Number < back).SelectMany(exchange => exchange.OperationIds);
            foreach (var spent in after.Where(id => rows.Holds.Exists(hold => hold.Hold.OperationId == id)))
            {
                world.Violate($"{member} had left by {left}, and spent {spent} of the team.");
            }

            world.Coverage.Add("member who left");
        }
    }
}
