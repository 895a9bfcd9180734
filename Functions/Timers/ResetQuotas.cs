using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access.Visitors;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Teams;

namespace ServerlessAi.Functions.Timers;

/// <summary>At midnight UTC: rolls the day, and on the 1st the month, of accounts that nobody touches; then deletes what has expired.</summary>
public sealed class ResetQuotas(Sweeper sweeper, Tidier tidier, GuestCounts guests, Invites invites, StaleAnswers answers)
{
    [Function("reset-quotas")]
    public async Task Run([TimerTrigger("0 0 0 * * *")] TimerInfo timer, CancellationToken cancellationToken)
    {
        await sweeper.ResetQuotasAsync(cancellationToken);
        await tidier.TidyAsync(cancellationToken);
        await guests.TidyAsync(cancellationToken);
        await invites.TidyAsync(cancellationToken);
        await answers.TidyAsync(cancellationToken);
    }
}
