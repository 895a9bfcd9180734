using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

internal static class Ledger
{
    /// <summary>The ledger of "ann" adds up to these credits, which are also the balance, and has this many charges.</summary>
    public static async Task AssertAsync(TestApp app, decimal credits, int charges)
    {
        var entries = await app.Get<AccountHistory>().ReadEntriesAsync("ann", AccountHistory.PageLimit, before: null, CancellationToken.None);
        Assert.Equal(charges, entries.Count(entry => entry.Kind == EntryKind.Charge));
        Assert.Equal(credits, Money.ToCredits(entries.Sum(entry => entry.AmountMicro)));
        Assert.Equal(credits, Money.ToCredits((await app.Get<AccountStore>().ReadAsync("ann")).BalanceMicro));
    }
}
