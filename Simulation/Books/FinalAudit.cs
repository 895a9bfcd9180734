using System.Text.Json;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>
/// After a run: the app's rows against themselves, against what the senders were told, and against the vendors' own books. Three witnesses, of which
/// only one is the app.
/// </summary>
internal sealed class FinalAudit(World world, IReadOnlyList<string> users)
{
    public async Task CheckAsync()
    {
        var accounts = await AccountsRead.ReadAsync(world, [.. users, .. await world.Books.FindErasedAsync()]);
        foreach (var (user, rows) in accounts.All)
        {
            world.Coverage.Add(rows);
            await new AccountAudit(world).CheckAsync(user, rows);
        }

        new ExchangeAudit(world, accounts).Check();
        CheckCredits(accounts);
        new PlanAudit(world, accounts.All).Check();
        await new ShopAudit(world, accounts.All).CheckAsync();
        await new CodeAudit(world, accounts.All).CheckAsync();
        await new TillAudit(world, accounts.All).CheckAsync();
        new TeamAudit(world, accounts).Check();
        await new DeliveryAudit(world, accounts.All).CheckAsync();
        await new ErasureAudit(world, accounts.All).CheckAsync();
        await new FounderAudit(world, accounts.All).CheckAsync();
        await CheckSpendAsync(accounts);
    }

    /// <summary>An acknowledged change of credits is in the ledger once, one without an answer at most once, a refused one not at all.</summary>
    private void CheckCredits(AccountsRead accounts)
    {
        foreach (var change in world.Exchanges.Where(exchange => exchange.Credits != 0).GroupBy(exchange => (exchange.Path, Reason: ReasonOf(exchange))))
        {
            var user = change.Key.Path.Split('/')[3];
            var entries = accounts.All[user].Entries.Count(entry => entry.Reason == change.Key.Reason);
            var acknowledged = change.Any(exchange => exchange.Reply is { Succeeded: true });
            var isOpen = change.Any(exchange => exchange.Reply is null or { Status: >= 500 });
            if (entries > 1 || (acknowledged && entries == 0) || (!acknowledged && !isOpen && entries > 0))
            {
                world.Violate($"{change.Key.Reason} of {user} is {entries} times in the ledger: {string.Join(" | ", change)}");
            }
        }
    }

    private async Task CheckSpendAsync(AccountsRead accounts)
    {
        // The month before is reconciled only for a while after its end.
        var month = Periods.MonthOf(world.Time.GetUtcNow());
        var recorded = accounts.All.Values.SelectMany(rows => rows.Months).Where(use => use.Month == month).Sum(use => use.CostNanoUsd);
        var spent = await world.Books.HasTableAsync(TableNames.Spend) ? await world.Books.SpentNanoUsdAsync(month) : 0;
        if (spent != recorded)
        {
            world.Violate($"The platform's spend of {month} is {spent}, the accounts' {recorded} nano-USD.");
        }

        var entries = accounts.All.Values.SelectMany(rows => rows.Entries).Where(entry => Periods.MonthOf(entry.At) == month).ToList();
        var report = await world.Books.HasTableAsync(TableNames.Spend) ? await world.Books.ReadReportAsync(month) : new MonthReport(month);
        var told = (report.Total().CostNanoUsd + report.UnansweredCostNanoUsd, Bought: report.PurchasedMicro, Back: report.RefundedMicro, Money: TillAudit.Show(report.Income));
        var known = (recorded, Bought: entries.Where(entry => entry is { Kind: EntryKind.Purchase, IsReturn: false }).Sum(entry => entry.AmountMicro), Back: -entries.Where(entry => entry is { Kind: EntryKind.Refund, From: null } or { IsReturn: true }).Sum(entry => entry.AmountMicro),
            Money: TillAudit.Show(TillAudit.SumsOf(accounts.All.Values.SelectMany(rows => rows.Operations).Where(operation => Periods.MonthOf(operation.At) == month))));
        world.Coverage.Add("purchases in the platform's report", known.Bought > 0);
        world.Coverage.Add("refunds in the platform's report", known.Back > 0);
        if (told != known)
        {
            world.Violate($"The platform's report of {month} has cost, purchases, refunds and money of {told}, the accounts {known}.");
        }
    }

    private static string ReasonOf(Exchange exchange) => JsonDocument.Parse(exchange.Body!).RootElement.GetProperty("reason").GetString()!;
}
