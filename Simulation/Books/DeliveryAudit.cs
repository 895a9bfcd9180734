using ServerlessAi.Accounts;
using ServerlessAi.Simulation.Vendors;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>Alerts after a run: who wants to be told of them was told of each, or will be, under one name, and of nothing that was not.</summary>
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
            var letters = world.Letterbox.Letters.Where(letter => letter.Account == user && letter.Alert is not null).ToList();
            foreach (var told in letters.GroupBy(letter => letter.Alert!, StringComparer.Ordinal).Where(told => told.DistinctBy(letter => letter.Id).Count() > 1))
            {
                world.Violate($"{user} was told of {told.Key} under several names: {string.Join(", ", told)}.");
            }

            foreach (var alert in accounts[user].Alerts.Where(alert => alert.At > since + doubt && alert.At > world.Time.GetUtcNow() - Patience))
            {
                var isWaiting = waiting.Any(row => row.GetString("Account") == user && $"{row.GetString("Source")} {row.GetString("Body")}".Contains(alert.Subject, StringComparison.Ordinal));
                var times = letters.Count(letter => letter.Alert == alert.Id);
                world.Coverage.Add("alert told", times > 0);
                world.Coverage.Add("alert told more than once", times > 1);
                if (times == 0 && !isWaiting)
                {
                    world.Violate($"{user} was not told of {alert}.");
                }
            }

            var known = accounts[user].Alerts.Select(alert => alert.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var invented in letters.Where(letter => !known.Contains(letter.Alert!)))
            {
                world.Violate($"{user} was told of what never was: {invented}.");
            }
        }

        // Without troubles nothing is repeated.
        var isCalm = world.Plan is { StorageTroubleShare: 0, ProviderTroubleShare: 0, HasOutages: false, HasCrashes: false, ConflictShare: 0 };
        foreach (var repeated in world.Letterbox.Letters.GroupBy(letter => letter.Id, StringComparer.Ordinal).Where(letter => isCalm && letter.Count() > 1))
        {
            world.Violate($"{repeated.Key} was sent {repeated.Count()} times, and nothing went wrong.");
        }
    }
}
