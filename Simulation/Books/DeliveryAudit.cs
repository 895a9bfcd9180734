using ServerlessAi.Accounts;
using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>Alerts, purchases and gifts after a run: who wants to be told was told of each, or will be, under one name, and of nothing that was not.</summary>
internal sealed class DeliveryAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    // What cannot be delivered for longer is given up, and then forgotten.
    private static readonly TimeSpan Patience = TimeSpan.FromDays(2);

    public async Task CheckAsync()
    {
        // Calendars are set back by a minute, and wrong clocks are wrong by five.
        var doubt = TimeSpan.FromMinutes(world.Plan.HasWrongClocks ? 15 : 2);
        var waiting = await world.Books.ReadTableAsync(TableNames.Outbox);
        foreach (var (user, since) in world.Letterbox.Since)
        {
            var letters = world.Letterbox.Letters.Where(letter => letter.Account == user && letter.About is not null).ToList();
            foreach (var told in letters.GroupBy(letter => letter.About!, StringComparer.Ordinal).Where(told => told.DistinctBy(letter => letter.Id).Count() > 1))
            {
                world.Violate($"{user} was told of {told.Key} under several names: {string.Join(", ", told)}.");
            }

            var facts = await FactsAsync(user);
            foreach (var fact in facts.Where(fact => fact.At > since + doubt && fact.At > world.Time.GetUtcNow() - Patience))
            {
                var isWaiting = waiting.Any(row => row.GetString("Account") == user && $"{row.GetString("Source")} {row.GetString("Body")}".Contains(fact.Trace, StringComparison.Ordinal));
                var times = letters.Count(letter => letter.About == fact.Id);
                world.Coverage.Add($"{fact.Kind} told", times > 0);
                world.Coverage.Add($"{fact.Kind} told more than once", times > 1);
                if (times == 0 && !isWaiting)
                {
                    world.Violate($"{user} was not told of {fact}.");
                }
            }

            var known = facts.Select(fact => fact.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var invented in letters.Where(letter => !known.Contains(letter.About!)))
            {
                world.Violate($"{user} was told of what never was: {invented}.");
            }
        }

        CheckCalm();
    }

    private async Task<List<Fact>> FactsAsync(string user)
    {
        var rows = accounts[user];
        var operations = rows.Operations.ToDictionary(operation => operation.OperationId, StringComparer.Ordinal);
        var orders = await world.Books.ReadOrdersAsync(user);
        return
        [
            .. rows.Alerts.Select(alert => new Fact("alert", alert.Id, alert.Subject, alert.At)),
            .. orders.Where(order => operations.ContainsKey(order.OperationId)).Select(order => new Fact("purchase", order.Id, order.Id, operations[order.OperationId].At)),
            .. rows.Entries.Where(entry => entry is { Kind: EntryKind.GiftIn, Reason: "gift" }).Select(entry => new Fact("gift", entry.OperationId["gift-".Length..], entry.OperationId, entry.At)),
        ];
    }

    private void CheckCalm()
    {
        // Without troubles nothing is repeated; clocks further apart than a claim lasts are one.
        var isCalm = world.Plan is { StorageTroubleShare: 0, ProviderTroubleShare: 0, HasOutages: false, HasCrashes: false, HasWrongClocks: false, ConflictShare: 0 };
        foreach (var repeated in world.Letterbox.Letters.GroupBy(letter => letter.Id, StringComparer.Ordinal).Where(letter => isCalm && letter.Count() > 1))
        {
            world.Violate($"{repeated.Key} was sent {repeated.Count()} times, and nothing went wrong.");
        }
    }

    /// <param name="Trace">What a row that waits to be delivered says of it.</param>
    private sealed record Fact(string Kind, string Id, string Trace, DateTimeOffset At);
}
