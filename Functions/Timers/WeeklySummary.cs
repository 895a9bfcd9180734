using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Timers;

/// <summary>On Mondays at 08:00 UTC: tells those who want it what their account did in the week before.</summary>
public sealed class WeeklySummary(WeeklySummaries summaries)
{
    [Function("weekly-summary")]
    public Task Run([TimerTrigger("0 0 8 * * 1")] TimerInfo timer, CancellationToken cancellationToken) => summaries.SummarizeAsync(cancellationToken);
}
