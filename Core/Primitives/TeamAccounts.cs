namespace ServerlessAi.Primitives;

/// <summary>Accounts that several users share. Nobody can call by such a name, and nobody welcomes them with credits: their owner was welcomed already.</summary>
public static class TeamAccounts
{
    public const string Prefix = "team-";

    private const int HashLength = 24;

    public static bool Has(string accountId) => accountId.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>The one team that a user can found: whoever founds it again finds it as it was left.</summary>
    public static string Of(string ownerId) => Prefix + Digest.Of("team", ownerId)[..HashLength];
}
