using ServerlessAi.Accounts;
using ServerlessAi.Notifications;
using ServerlessAi.Payments;
using ServerlessAi.Primitives;
using ServerlessAi.Teams;

namespace ServerlessAi.Privacy;

/// <summary>
/// What becomes of teams when somebody is forgotten. Others go on without them; the one that they founded keeps its credits for its members, and what was the founder's
/// goes: how it pays, what it bought by itself, and where its news went.
/// </summary>
public sealed class Partings(TeamBook teams, AccountStore accounts, Farewells farewells, PreferenceRows preferences)
{
    /// <summary>The account first, which from then on delivers nothing that the founder agreed to pay for; then the rest.</summary>
    /// <returns>Why that is not possible now; null when it is done.</returns>
    public async Task<Refusal?> BeginAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        if (await teams.ForgetAsync(job.AccountId, job.PartingId, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        await FinishAsync(job, cancellationToken);
        return null;
    }

    /// <summary>Once more when no request can be under way any more that was the founder's; unless they have come back.</summary>
    public async Task FinishAsync(ErasureJob job, CancellationToken cancellationToken)
    {
        var team = TeamAccounts.Of(job.AccountId);
        if (await accounts.ReadStoredAsync(team) is { IsFounderless: true })
        {
            await farewells.PartAsync(team, cancellationToken);
            await preferences.ForgetAsync(team, cancellationToken);
        }
    }
}
