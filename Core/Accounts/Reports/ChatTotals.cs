namespace ServerlessAi.Accounts.Reports;

/// <summary>All calls of one chat, the row <c>chat|chatId</c>; written by the transactions that end them.</summary>
/// <param name="Use">Of what was answered.</param>
/// <param name="CostNanoUsd">Of what was not answered, and corrections, which come on top.</param>
public sealed record ChatTotals(string ChatId, UseSum Use, long CostNanoUsd, long Failures, DateTimeOffset FirstAt, DateTimeOffset LastAt)
{
    public static ChatTotals Begin(string chatId, DateTimeOffset at) => new(chatId, default, 0, 0, at, at);

    public ChatTotals Count(UsageRecord line)
    {
        var isAnswered = string.Equals(line.Event, UsageEvents.Success, StringComparison.Ordinal);
        var hasFailed = line.Event is UsageEvents.Failed or UsageEvents.Expired;
        return this with
        {
            Use = isAnswered ? Use + new Tally("", "", line).Use with { Sizes = null } : Use,
            CostNanoUsd = CostNanoUsd + (isAnswered ? 0 : line.CostNanoUsd),
            Failures = Failures + (hasFailed ? 1 : 0),
            LastAt = line.At > LastAt ? line.At : LastAt,
        };
    }
}
