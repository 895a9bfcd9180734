namespace ServerlessAi.Accounts;

/// <summary>
/// Where a user's requests go, and what has been begun about it. Two rows cannot be written at once: the notes lead whoever carries on, or is to forget the
/// user, to accounts that may name them.
/// </summary>
/// <param name="Team">The shared account that they spend from; null for their own.</param>
/// <param name="Left">One that they have left, until it knows.</param>
/// <param name="Joining">One that may know them already, and that they do not spend from yet.</param>
public sealed record Belonging(string? Team, string? Left, string? Joining)
{
    public static readonly Belonging None = new(null, null, null);

    /// <summary>Every account that may name the user as one of its members.</summary>
    public IEnumerable<string> All => new[] { Team, Left, Joining }.OfType<string>().Distinct(StringComparer.Ordinal);

    /// <summary>Before the account is told.</summary>
    public Belonging Begin(string team) => this with { Joining = team };

    /// <summary>When the account knows: unless the user was sent away meanwhile, or has begun to join another.</summary>
    public Belonging Join(string team) => string.Equals(Joining, team, StringComparison.Ordinal) ? new Belonging(team, Left: null, Joining: null) : this;

    /// <summary>Before the account is told.</summary>
    public Belonging Leave(string team) => string.Equals(Team, team, StringComparison.Ordinal) || string.Equals(Joining, team, StringComparison.Ordinal)
        ? new Belonging(Other(Team, team), Left: team, Other(Joining, team)) : this;

    /// <summary>When the account knows the user no longer.</summary>
    public Belonging Forget(string team) => new(Other(Team, team), Other(Left, team), Other(Joining, team));

    private static string? Other(string? noted, string team) => string.Equals(noted, team, StringComparison.Ordinal) ? null : noted;
}
