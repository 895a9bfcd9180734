using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Teams;

/// <summary>One who spends from a team's credits. Amounts in credits, of the present month.</summary>
/// <param name="MonthlyCap">Null for no cap.</param>
public sealed record TeamMember(string UserId, bool IsOwner, decimal? MonthlyCap, decimal UsedThisMonth, DateTimeOffset JoinedAt);

public sealed record TeamView(string TeamId, string Name, decimal Credits, IReadOnlyList<TeamMember> Members);

/// <summary>
/// Teams: one account that several users spend from, each up to a cap. The account says who is a member, in its state; the table <c>members</c> says
/// where a user's requests go. To join writes the account first, to leave the table: a crash in between leaves somebody who spends their own, and
/// asking again finishes it.
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
        if (await members.ReadTeamAsync(userId, cancellationToken) is { } present && !string.Equals(present, team, StringComparison.Ordinal))
        {
            return AlreadyIn();
        }

        return await JoinAsync(team, userId, isOwner: true, capMicro: null, "founded", cancellationToken, name);
    }

    /// <summary>The team that a user belongs to, as far as they may see it: its owner all of it, a member themselves.</summary>
    public async Task<Answer<TeamView>> ReadAsync(string userId, CancellationToken cancellationToken)
    {
        if (await members.ReadTeamAsync(userId, cancellationToken) is not { } team)
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
        if (await invites.TakeAsync(code, userId, cancellationToken) is not { } invite)
        {
            return Refusal.NotFound("There is no such invitation, it has expired, or somebody else has accepted it.");
        }

        if (await members.ReadTeamAsync(userId, cancellationToken) is { } present && !string.Equals(present, invite.Team, StringComparison.Ordinal))
        {
            return AlreadyIn();
        }

        // Whoever founded it is its owner, whichever invitation they follow.
        var isOwner = string.Equals(invite.Team, TeamAccounts.Of(userId), StringComparison.Ordinal);
        return await JoinAsync(invite.Team, userId, isOwner, isOwner ? null : invite.CapMicro, "joined", cancellationToken);
    }

    /// <summary>Changes what a member may spend.</summary>
    public async Task<Answer<TeamView>> CapAsync(string ownerId, string memberId, decimal? monthlyCap, CancellationToken cancellationToken)
    {
        var owned = await OwnedAsync(ownerId, cancellationToken);
        if (!owned.Succeeded || Problem(monthlyCap) is not null)
        {
            return owned.Refusal ?? Problem(monthlyCap)!;
        }

        if ((await accounts.ReadAsync(owned.Value)).Members.GetValueOrDefault(memberId) is not { LeftAt: null } member)
        {
            return Refusal.NotFound("The team has no such member.");
        }

        return ToAnswer(await SetAsync(owned.Value, memberId, isMember: true, member.IsOwner, ToMicro(monthlyCap), "cap"), ownerId);
    }

    /// <summary>Ends a membership: an owner anybody's, a member theirs. An owner who leaves stays its owner, and comes back by founding it again.</summary>
    public async Task<Answer<TeamView>> RemoveAsync(string userId, string memberId, CancellationToken cancellationToken)
    {
        if (await members.ReadTeamAsync(userId, cancellationToken) is not { } team)
        {
            return None();
        }

        var state = await accounts.ReadAsync(team);
        var isSelf = string.Equals(userId, memberId, StringComparison.Ordinal);
        if (!isSelf && state.Members.GetValueOrDefault(userId) is not { IsOwner: true, LeftAt: null })
        {
            return NotOwner();
        }

        if (state.Members.GetValueOrDefault(memberId) is not { LeftAt: null } member)
        {
            return Refusal.NotFound("The team has no such member.");
        }

        if (string.Equals(await members.ReadTeamAsync(memberId, cancellationToken), team, StringComparison.Ordinal))
        {
            await members.SetTeamAsync(memberId, team: null, cancellationToken);
        }

        return ToAnswer(await SetAsync(team, memberId, isMember: false, member.IsOwner, member.CapMicro, "left"), userId);
    }

    /// <summary>
    /// Takes a user out of whichever team they belong to, and of the one that they founded, without a trace in it. The team goes on without a founder, and ends what
    /// they agreed to pay for.
    /// </summary>
    /// <param name="operationId">The wish's own: whoever has come back since is not sent away by a repetition.</param>
    /// <returns>Why that is not possible now; null when it is done.</returns>
    public async Task<Refusal?> ForgetAsync(string userId, string operationId, CancellationToken cancellationToken)
    {
        var (present, founded) = (await members.ReadTeamAsync(userId, cancellationToken), TeamAccounts.Of(userId));
        foreach (var team in new[] { present, await accounts.ReadStoredAsync(founded) is null ? null : founded }.OfType<string>().Distinct(StringComparer.Ordinal))
        {
            var outcome = await accounts.ExecuteAsync(team, new SetMember(operationId, userId, IsMember: false, IsOwner: false, CapMicro: null, "forgotten") { IsForgotten = true });
            if (outcome is not MemberSet set)
            {
                return ((Refused)outcome).Refusal;
            }

            var isBack = set.Account.Members.ContainsKey(userId);
            if (!isBack && string.Equals(team, present, StringComparison.Ordinal))
            {
                await members.SetTeamAsync(userId, team: null, cancellationToken);
            }
        }

        return null;
    }

    private async Task<Answer<TeamView>> JoinAsync(string team, string userId, bool isOwner, long? capMicro, string reason, CancellationToken cancellationToken, string? name = null)
    {
        var joined = ToAnswer(await SetAsync(team, userId, isMember: true, isOwner, capMicro, reason, name), userId);
        if (joined.Succeeded)
        {
            await members.SetTeamAsync(userId, team, cancellationToken);
        }

        return joined;
    }

    private Task<Outcome> SetAsync(string team, string userId, bool isMember, bool isOwner, long? capMicro, string reason, string? name = null) =>
        accounts.ExecuteAsync(team, new SetMember(ids.NewOperationId(), userId, isMember, isOwner, capMicro, reason) { Name = name });

    private async Task<Answer<string>> OwnedAsync(string userId, CancellationToken cancellationToken)
    {
        if (await members.ReadTeamAsync(userId, cancellationToken) is not { } team)
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

    private static Refusal None() => Refusal.NotFound("You belong to no team.");

    private static Refusal NotOwner() => new(RefusalCodes.Forbidden, "Only the team's owner may do this.");
}
