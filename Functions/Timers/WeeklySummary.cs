using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Timers;

/// <summary>
/// On Mondays from 08:00 UTC on: tells those who want it what their account did in the week before. The later runs come back to whom the first did not reach,
/// and tell nobody twice.
/// </summary>
public sealed class WeeklySummary(WeeklySummaries summaries)
{
    [Function("weekly-summary")]
    public Task Run([TimerTrigger("0 0 8,11,14,17,20 * * 1")] TimerInfo timer, CancellationToken cancellationToken) => summaries.SummarizeAsync(cancellationToken);
}
