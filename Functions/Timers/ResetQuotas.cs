using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Accounts;

namespace ServerlessAi.Functions.Timers;

/// <summary>At midnight UTC: rolls the day, and on the 1st the month, of accounts that nobody touches.</summary>
public sealed class ResetQuotas(Sweeper sweeper)
{
    [Function("reset-quotas")]
    public Task Run([TimerTrigger("0 0 0 * * *")] TimerInfo timer, CancellationToken cancellationToken) => sweeper.ResetQuotasAsync(cancellationToken);
}
