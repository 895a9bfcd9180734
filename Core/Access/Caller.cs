using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Access;

public enum Role
{
    Guest = 0,
    User = 1,
    Admin = 2,
}

/// <summary>Who is calling, and whose wallet pays.</summary>
public sealed record Caller(string UserId, string AccountId, Role Role)
{
    /// <summary>Characters a user id may have.</summary>
    public const int UserIdLimit = 128;

    /// <summary>All, unless the key was issued with fewer.</summary>
    public Scopes Scopes { get; init; } = Scopes.All;

    /// <summary>The caller's own name where the account is shared with others; null for an account of their own.</summary>
    public string? Member => string.Equals(UserId, AccountId, StringComparison.Ordinal) ? null : UserId;

    /// <summary>Whether the caller disposes of the account: their own, or the team's that they founded. Other members spend from it.</summary>
    public bool IsOwner => Member is null || string.Equals(AccountId, TeamAccounts.Of(UserId), StringComparison.Ordinal);

    /// <summary>The caller acting for another user, as an admin may.</summary>
    public Caller For(string userId) => this with { UserId = userId, AccountId = userId };

    /// <summary>What is wrong with a user id; null when it can be used. Names of the installation's own accounts, of guests and of teams are nobody's to choose.</summary>
    public static Refusal? Problem(string userId) => SystemAccounts.Has(userId) || GuestAccounts.Has(userId) || TeamAccounts.Has(userId) || ErasedAccounts.Has(userId)
        ? Refusal.Invalid($"A user id does not begin with '{SystemAccounts.Prefix}', '{GuestAccounts.Prefix}', '{TeamAccounts.Prefix}' or '{ErasedAccounts.Prefix}'.")
        : ShapeProblem(userId);

    /// <summary>What is wrong with the id of an account that an admin gives something to: a user's or a team's.</summary>
    public static Refusal? WalletProblem(string accountId) => TeamAccounts.Has(accountId) ? ShapeProblem(accountId) : Problem(accountId);

    /// <summary>What is wrong with the id of any account, the installation's own and guests' included; null when nothing is.</summary>
    public static Refusal? ShapeProblem(string userId) =>
        userId.Length is 0 or > UserIdLimit || !TableKey.Fits(userId) || userId.Any(char.IsControl) || !string.Equals(userId, userId.Trim(), StringComparison.Ordinal)
        || userId.Contains("%2F", StringComparison.OrdinalIgnoreCase)
            ? Refusal.Invalid($"A user id has 1 to {UserIdLimit} characters, no control characters, no '%2F', and no space at its ends.")
            : null;
}
