using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Teams;

/// <summary>One who spends from a team's credits. Amounts in credits, of the present month.</summary>
/// <param name="MonthlyCap">Null for no cap.</param>
public sealed record TeamMember(string UserId, bool IsOwner, decimal? MonthlyCap, decimal UsedThisMonth, DateTimeOffset JoinedAt);

public sealed record TeamView(string TeamId, string Name, decimal Credits, IReadOnlyList<TeamMember> Members);

/// <summary>
/// Teams: one account that several users spend from, each up to a cap. The account says who is a member, in its state; the table <c>members</c> says
/// where a user's requests go. To join notes the team there, writes its account, and then sends requests to it; to leave sends them away first, and keeps the note until
/// the account knows: a crash in between leaves somebody who spends their own, and asking again finishes it.
/// </summary>
public sealed class TeamBook(AccountStore accounts, Members members, Invites invites, IIdSource ids, TimeProvider time)
{
    private const decimal CapLimit = 10_000_000m;
    private const int NameLimit = 80;

    /// <summary>Founds the caller's team, or comes back to it. From then on the caller spends the team's credits; their own stay theirs.</summary>
    public async Task<Answer<TeamView>> FoundAsync(string userId, string name, CancellationToken cancellationToken)
    {
        if (name.Length is 0 or > NameLimit || name.Any(char.IsControl))
        {
            return Refusal.Invalid($"'name' must have 1 to {NameLimit} characters.");
        }

        var team = TeamAccounts.Of(userId);
        return await JoinAsync(team, new AddMember(ids.NewOperationId(), userId, CapMicro: null, "founded") { IsOwner = true, Name = name }, cancellationToken);
    }

    /// <summary>The team that a user belongs to, as far as they may see it: its owner all of it, a member themselves.</summary>
    public async Task<Answer<TeamView>> ReadAsync(string userId, CancellationToken cancellationToken)
    {
        if ((await members.ReadAsync(userId, cancellationToken)).Team is not { } team)
        {
            return None();
        }

        return Show(await accounts.ReadAsync(team), userId);
    }

    public async Task<Answer<(string Code, DateTimeOffset ExpiresAt)>> InviteAsync(string ownerId, decimal? monthlyCap, CancellationToken cancellationToken)
    {
        var owned = await OwnedAsync(ownerId, cancellationToken);
        if (!owned.Succeeded || Problem(monthlyCap) is not null)
        {
            return owned.Refusal ?? Problem(monthlyCap)!;
        }

        var (code, invite) = await invites.IssueAsync(owned.Value, ToMicro(monthlyCap), cancellationToken);
        return (code, invite.ExpiresAt);
    }

    public async Task<Answer<TeamView>> AcceptAsync(string userId, string code, CancellationToken cancellationToken)
    {
        if (await invites.TakeAsync(code, userId, cancellationToken) is not { Invite: var invite } held)
        {
            return NoInvitation();
        }

        // Whoever founded it is its owner, whichever invitation they follow.
        var isOwner = string.Equals(invite.Team, TeamAccounts.Of(userId), StringComparison.Ordinal);
        return await JoinAsync(invite.Team, new AddMember($"invite-{held.Id}", userId, invite.CapMicro, "joined") { IsOwner = isOwner }, cancellationToken);
    }

    /// <summary>Changes what a member may spend.</summary>
    public async Task<Answer<TeamView>> CapAsync(string ownerId, string memberId, decimal? monthlyCap, CancellationToken cancellationToken)
    {
        var owned = await OwnedAsync(ownerId, cancellationToken);
        if (!owned.Succeeded || Problem(monthlyCap) is not null)
        {
            return owned.Refusal ?? Problem(monthlyCap)!;
        }

        return ToAnswer(await accounts.ExecuteAsync(owned.Value, new CapMember(ids.NewOperationId(), memberId, ToMicro(monthlyCap))), ownerId);
    }

    /// <summary>Ends a membership: an owner anybody's, a member theirs. An owner who leaves stays its owner, and comes back by founding it again.</summary>
    public async Task<Answer<TeamView>> RemoveAsync(string userId, string memberId, CancellationToken cancellationToken)
    {
        var isSelf = string.Equals(userId, memberId, StringComparison.Ordinal);
        var belonging = await members.ReadAsync(userId, cancellationToken);
        if ((isSelf ? belonging.All.FirstOrDefault() : belonging.Team) is not { } team)
        {
            return None();
        }

        var state = await accounts.ReadAsync(team);
        if (!isSelf && state.Members.GetValueOrDefault(userId) is not { IsOwner: true, LeftAt: null })
        {
            return NotOwner();
        }

        if (!isSelf && !state.Members.ContainsKey(memberId))
        {
            return Refusal.NotFound("The team has no such member.");
        }

        return ToAnswer(await LeaveAsync(team, memberId, cancellationToken), userId);
    }

    /// <summary>
    /// Takes a user out of whichever team they belong to or have just left, and of the one that they founded, without a trace in it. The team goes on without a
    /// founder, and ends what they agreed to pay for.
    /// </summary>
    /// <param name="operationId">The wish's own: whoever has come back since is not sent away by a repetition.</param>
    /// <returns>Why that is not possible now; null when it is done.</returns>
    public async Task<Refusal?> ForgetAsync(string userId, string operationId, CancellationToken cancellationToken)
    {
        var founded = TeamAccounts.Of(userId);
        var teams = (await members.ReadAsync(userId, cancellationToken)).All;
        foreach (var team in await accounts.ReadStoredAsync(founded) is null ? teams : teams.Append(founded).Distinct(StringComparer.Ordinal))
        {
            var outcome = await accounts.ExecuteAsync(team, new RemoveMember(operationId, userId, IsForgotten: true));
            if (outcome is not MemberSet set)
            {
                // The row that leads there stays, for whoever tries again.
                return ((Refused)outcome).Refusal;
            }

            if (!set.Account.Members.ContainsKey(userId))
            {
                await members.ChangeAsync(userId, now => now.Forget(team), cancellationToken);
            }
        }

        return null;
    }

    private async Task<Answer<TeamView>> JoinAsync(string team, AddMember command, CancellationToken cancellationToken)
    {
        var before = await members.ReadAsync(command.User, cancellationToken);
        if (before.Team is { } present && !string.Equals(present, team, StringComparison.Ordinal))
        {
            return AlreadyIn();
        }

        if (await FinishAsync(before, team, command.User, cancellationToken) is { } unfinished)
        {
            return unfinished;
        }

        await members.ChangeAsync(command.User, now => now.Team is null ? now.Begin(team) : now, cancellationToken);
        var outcome = await accounts.ExecuteAsync(team, command);
        if (outcome is MemberSet { Account: var account } && !account.Members.ContainsKey(command.User))
        {
            // It was accepted before, and the membership has ended since.
            await members.ChangeAsync(command.User, now => now.Forget(team), cancellationToken);
            return NoInvitation();
        }

        if (outcome is MemberSet && !string.Equals((await members.ChangeAsync(command.User, now => now.Join(team), cancellationToken)).Team, team, StringComparison.Ordinal))
        {
            // Shown the door at the same moment, or welcome elsewhere.
            await members.ChangeAsync(command.User, now => now.Left is null ? now with { Left = team } : now, cancellationToken);
            return await LeaveAsync(team, command.User, cancellationToken) is Refused undone ? undone.Refusal : AlreadyIn();
        }

        if (outcome is Refused { Refusal.Code: not (RefusalCodes.AccountBusy or RefusalCodes.StorageUnavailable) })
        {
            await members.ChangeAsync(command.User, now => string.Equals(now.Joining, team, StringComparison.Ordinal) ? now with { Joining = null } : now, cancellationToken);
        }

        return ToAnswer(outcome, command.User);
    }

    /// <summary>What was begun before another team is joined: leaving that the account has not noted yet, and joining that broke off.</summary>
    /// <returns>Why that is not possible now; null when there is nothing left of it.</returns>
    private async Task<Refusal?> FinishAsync(Belonging before, string team, string user, CancellationToken cancellationToken)
    {
        foreach (var unfinished in before.All.Where(other => string.Equals(before.Left, other, StringComparison.Ordinal) || !string.Equals(other, team, StringComparison.Ordinal)))
        {
            if (await LeaveAsync(unfinished, user, cancellationToken) is Refused refused)
            {
                return refused.Refusal;
            }
        }

        return null;
    }

    private async Task<Outcome> LeaveAsync(string team, string memberId, CancellationToken cancellationToken)
    {
        await members.ChangeAsync(memberId, now => now.Leave(team), cancellationToken);
        var outcome = await accounts.ExecuteAsync(team, new RemoveMember(ids.NewOperationId(), memberId, IsForgotten: false));
        if (outcome is MemberSet)
        {
            await members.ChangeAsync(memberId, now => string.Equals(now.Left, team, StringComparison.Ordinal) ? now with { Left = null } : now, cancellationToken);
        }

        return outcome;
    }

    private async Task<Answer<string>> OwnedAsync(string userId, CancellationToken cancellationToken)
    {
        if ((await members.ReadAsync(userId, cancellationToken)).Team is not { } team)
        {
            return None();
        }

        return (await accounts.ReadAsync(team)).Members.GetValueOrDefault(userId) is { IsOwner: true, LeftAt: null } ? team : NotOwner();
    }

    private Answer<TeamView> ToAnswer(Outcome outcome, string userId) => outcome switch
    {
        MemberSet set => Show(set.Account, userId),
        Refused refused => refused.Refusal,
        _ => throw new InvalidOperationException($"A change of members came to {outcome.GetType().Name}."),
    };

    private TeamView Show(AccountState state, string userId)
    {
        var seesAll = Membership.Find(state, userId) is { IsOwner: true };
        var shown = state.Members
            .Where(member => member.Value.LeftAt is null && (seesAll || string.Equals(member.Key, userId, StringComparison.Ordinal)))
            .Select(member => new TeamMember(
                member.Key, member.Value.IsOwner, member.Value.CapMicro is { } cap ? Money.ToCredits(cap) : null, Money.ToCredits(member.Value.UsedIn(state.Month.Month)), member.Value.JoinedAt));
        return new TeamView(state.AccountId, state.Name ?? "", Money.ToCredits(state.AvailableMicro(time.GetUtcNow())), [.. shown]);
    }

    private static long? ToMicro(decimal? credits) => credits is { } cap ? Money.FromCredits(cap) : null;

    private static Refusal? Problem(decimal? cap) => cap is < 0 or > CapLimit ? Refusal.Invalid($"'monthlyCap' must be 0 to {CapLimit:0} credits.") : null;

    private static Refusal AlreadyIn() => new(RefusalCodes.Conflict, "You belong to another team. Leave it first.");

    private static Refusal NoInvitation() => Refusal.NotFound("There is no such invitation, it has expired, or it has been accepted before.");

    private static Refusal None() => Refusal.NotFound("You belong to no team.");

    private static Refusal NotOwner() => new(RefusalCodes.Forbidden, "Only the team's owner may do this.");
}
