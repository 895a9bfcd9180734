namespace ServerlessAi.Primitives;

/// <summary>Accounts that the installation has for its own work. Nobody can call by such a name, and nobody welcomes them with credits.</summary>
public static class SystemAccounts
{
    public const string Prefix = "system:";

    /// <summary>Renews popular answers.</summary>
    public const string WarmCache = Prefix + "warm-cache";

    /// <summary>Has no credits: counts the money that is paid back for accounts which are deleted.</summary>
    public const string Estate = Prefix + "estate";

    public static bool Has(string accountId) => accountId.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
}
