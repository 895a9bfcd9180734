namespace ServerlessAi.Accounts.Auditing;

/// <summary>
/// Replays a ledger from its newest entry, which the table keeps first, back to nothing: each entry must start from the balance and the number at which
/// the next older one ended. Holds one entry, whatever the ledger's length.
/// </summary>
internal sealed class LedgerReplay(Findings findings)
{
    private readonly long[] byKind = new long[Enum.GetValues<EntryKind>().Length];
    private LedgerEntry? newer;
    private long sumMicro;

    public long Count { get; private set; }

    public long SumOf(EntryKind kind) => byKind[(int)kind];

    public void Add(LedgerEntry entry)
    {
        Count++;
        sumMicro += entry.AmountMicro;
        byKind[(int)entry.Kind] += entry.AmountMicro;
        if (entry.Parts.Sum(part => part.Micro) != entry.AmountMicro)
        {
            findings.Add($"The parts of entry {entry.Sequence} do not add up to it.");
        }

        CheckNewer(entry.Sequence, entry.BalanceMicro);
        newer = entry;
    }

    public void Close(AccountState state)
    {
        CheckNewer(olderSequence: 0, olderBalanceMicro: 0);
        if (state.Sequence != Count)
        {
            findings.Add($"The state counts {state.Sequence} entries, the ledger has {Count}.");
        }

        if (state.BalanceMicro != sumMicro)
        {
            findings.Add($"The state holds {state.BalanceMicro}, the ledger adds up to {sumMicro}.");
        }
    }

    private void CheckNewer(long olderSequence, long olderBalanceMicro)
    {
        if (newer is null)
        {
            return;
        }

        if (newer.Sequence != olderSequence + 1)
        {
            findings.Add($"Entry {newer.Sequence} stands at place {olderSequence + 1} of the ledger.");
        }

        if (newer.BalanceMicro != olderBalanceMicro + newer.AmountMicro)
        {
            findings.Add($"Entry {newer.Sequence} says {newer.BalanceMicro}, the replay {olderBalanceMicro + newer.AmountMicro}.");
        }
    }
}
