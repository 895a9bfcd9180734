namespace ServerlessAi.Primitives;

/// <summary>Accounts whose users were forgotten: the numbers that accounting needs, under a name that leads to nobody.</summary>
public static class ErasedAccounts
{
    public const string Prefix = "erased-";

    public static bool Has(string accountId) => accountId.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
}
