namespace ServerlessAi.Primitives;

/// <summary>Accounts of visitors who have not signed in. Nobody can call by such a name, and nobody welcomes them with credits: they are never charged.</summary>
public static class GuestAccounts
{
    public const string Prefix = "guest-";

    public static bool Has(string accountId) => accountId.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
}
