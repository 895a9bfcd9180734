using ServerlessAi.Payments.Codes;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>Codes after a run: none was used by more than may use it, by nobody twice, and what is counted is what was used.</summary>
internal sealed class CodeAudit(World world, IReadOnlyDictionary<string, AccountRowsRead> accounts)
{
    public async Task CheckAsync()
    {
        var rows = await world.Books.ReadTableAsync(TableNames.Orders);
        var orders = new List<(string Account, string? Code)>();
        foreach (var user in accounts.Keys)
        {
            orders.AddRange((await world.Books.ReadOrdersAsync(user)).Where(order => order.PaidAt is not null).Select(order => (user, order.PromoCode)));
        }

        foreach (var code in Shopper.Codes)
        {
            var uses = rows.Where(row => row.PartitionKey == "|code|" + code.Id).ToList();
            var slots = uses.Count(row => row.RowKey.StartsWith(CodeUses.SlotPrefix, StringComparison.Ordinal));
            var counted = uses.Find(row => row.RowKey == "count")?.GetInt32("Used") ?? 0;
            var known = accounts.Keys.Select(account => CodeUses.SlotOf(code.Id, account)).ToHashSet(StringComparer.Ordinal);
            if (uses.Find(row => row.RowKey.StartsWith(CodeUses.SlotPrefix, StringComparison.Ordinal) && !known.Contains(row.RowKey)) is { } strange)
            {
                world.Violate($"The code {code.Id} was used by nobody who is known: {strange.RowKey}.");
            }

            if (slots != counted || slots > code.MaxRedemptions)
            {
                world.Violate($"The code {code.Id} for {code.MaxRedemptions} counts {counted} and has {slots} uses.");
            }

            var given = accounts.Select(account => account.Value.Entries.Count(entry => entry.AmountMicro > 0 && entry.OperationId == "code-" + code.Id)).ToList();
            if (given.Exists(times => times > 1) || given.Sum() > code.MaxRedemptions)
            {
                world.Violate($"The code {code.Id} gave credits {given.Sum()} times.");
            }

            // The page of the simulated gateway can be paid on for ever, long after a use was given back.
            var bought = orders.Where(order => order.Code == code.Id).CountBy(order => order.Account).ToList();
            if (world.Stripe is not null && (bought.Exists(account => account.Value > 1) || bought.Sum(account => account.Value) > code.MaxRedemptions))
            {
                world.Violate($"The code {code.Id} for {code.MaxRedemptions} was paid with: {string.Join(", ", bought)}.");
            }

            world.Coverage.Add("code redeemed", given.Sum() > 0);
            world.Coverage.Add("code in a paid order", bought.Count > 0);
        }
    }
}
