namespace ServerlessAi.Accounts.Reports;

/// <summary>
/// An account's reports as its lane knows them, remembered and forgotten with the state that they were read with: whoever else writes them changes the
/// account's tag. Each is read once, when something first counts in it.
/// </summary>
internal sealed class Tallies
{
    // A lane remembers no more between two transactions.
    private const int ChatsLimit = 16;
    private const int MonthsLimit = 3;

    private readonly Dictionary<string, MonthReport> months = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChatTotals?> chats = new(StringComparer.Ordinal);
    private readonly HashSet<string> changedMonths = new(StringComparer.Ordinal);
    private readonly HashSet<string> changedChats = new(StringComparer.Ordinal);

    public IEnumerable<MonthReport> ChangedMonths => changedMonths.Select(month => months[month]);

    public IEnumerable<ChatTotals> ChangedChats => changedChats.Select(chat => chats[chat]!);

    /// <summary>Rows that the transaction in the making has for reports.</summary>
    public int ChangedRows => changedMonths.Count + changedChats.Count;

    /// <summary>How many rows a decision adds to those at most.</summary>
    public static int RowsOf(Decision decision) => decision.Usage.Length + decision.Usage.Count(line => line.Facts?.ChatId is not null) + 2 * decision.Bills.Count() + decision.Paid.Count();

    /// <summary>A new transaction begins.</summary>
    public void Begin()
    {
        if (chats.Count > ChatsLimit || months.Count > MonthsLimit)
        {
            chats.Clear();
            months.Clear();
        }

        changedMonths.Clear();
        changedChats.Clear();
    }

    /// <summary>Reads what a decision is about to count in and nobody has read yet.</summary>
    public async Task LoadAsync(Decision decision, Func<string, Task<MonthReport?>> readMonth, Func<string, Task<ChatTotals?>> readChat)
    {
        foreach (var month in Tally.Of(decision).Select(tally => tally.Month).Concat(MonthsOfMoney(decision)))
        {
            if (!months.ContainsKey(month))
            {
                months[month] = await readMonth(month) ?? new MonthReport(month);
            }
        }

        foreach (var chat in Tally.Of(decision).Select(tally => tally.ChatId).OfType<string>())
        {
            if (!chats.ContainsKey(chat))
            {
                chats[chat] = await readChat(chat);
            }
        }
    }

    /// <summary>Counts a decision that the transaction takes in.</summary>
    public void Count(Decision decision)
    {
        foreach (var tally in Tally.Of(decision))
        {
            months[tally.Month] = months.GetValueOrDefault(tally.Month, new MonthReport(tally.Month)).Count(tally);
            changedMonths.Add(tally.Month);
            if (tally.ChatId is { } chat)
            {
                chats[chat] = (chats.GetValueOrDefault(chat) ?? ChatTotals.Begin(chat, tally.Line.At)).Count(tally.Line);
                changedChats.Add(chat);
            }
        }

        foreach (var month in MonthsOfMoney(decision))
        {
            months[month] = WithMoney(months.GetValueOrDefault(month, new MonthReport(month)), decision);
            changedMonths.Add(month);
        }
    }

    public static bool IsPayment(LedgerEntry entry) => entry.Kind is EntryKind.Purchase or EntryKind.Refund;

    /// <summary>The month in which a decision moved money or purchased credits: one, or none.</summary>
    public static IEnumerable<string> MonthsOfMoney(Decision decision) =>
        decision.Entries.Where(IsPayment).Select(entry => entry.At).Concat(decision.Paid.Select(paid => paid.At)).Select(Periods.MonthOf).Distinct(StringComparer.Ordinal);

    /// <summary>Counts a decision's money, and the credits that were bought and taken back; a plan's credits are granted, and not bought.</summary>
    public static MonthReport WithMoney(MonthReport report, Decision decision) => decision.Paid.Aggregate(
        report with
        {
            PurchasedMicro = report.PurchasedMicro + decision.Entries.Where(entry => entry is { Kind: EntryKind.Purchase, IsReturn: false }).Sum(entry => entry.AmountMicro),
            RefundedMicro = report.RefundedMicro - decision.Entries.Where(entry => entry is { Kind: EntryKind.Refund, From: null } or { IsReturn: true }).Sum(entry => entry.AmountMicro),
        },
        static (sum, paid) => sum.Count(paid.Income!));
}
