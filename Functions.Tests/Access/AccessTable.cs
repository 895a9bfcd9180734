namespace ServerlessAi.Tests.Access;

/// <summary>
/// Who may call what: a row for each function, a column for each kind of caller. <c>ok</c> is let in, <c>new</c> is let in as a new guest. Guests are welcome
/// in this table; where they are not, <c>new</c> and the guest's own <c>ok</c> are 401. <c>named</c> is on a developer's machine; elsewhere it is
/// 401. The last two belong to one team, which one of them has founded.
/// </summary>
internal static class AccessTable
{
    public static readonly string[] Callers =
    [
        "nobody", "guest", "key", "token", "principal", "other", "admin", "revoked", "expired", "forged", "altered", "read", "generate", "named",
        "member", "owner",
    ];

    private const string Public = """
        ok      ok     ok   ok     ok         ok     ok     ok       ok       ok      ok       ok    ok        ok          ok      ok
        """;

    private const string GuestLooks = """
        new     ok     ok   ok     ok         403    ok     401      401      new     new      ok    403       ok          ok      ok
        """;

    private const string GuestMakes = """
        new     ok     ok   ok     ok         403    ok     401      401      new     new      403   ok        ok          ok      ok
        """;

    private const string GuestEither = """
        new     ok     ok   ok     ok         403    ok     401      401      new     new      ok    ok        ok          ok      ok
        """;

    private const string UserMakes = """
        401     401    ok   ok     ok         403    ok     401      401      401     401      403   ok        ok          ok      ok
        """;

    // Money, plan, members and news of a team are its founder's.
    private const string OwnerMakes = """
        401     401    ok   ok     ok         403    ok     401      401      401     401      403   ok        ok          403     ok
        """;

    private const string UserLooks = """
        401     401    ok   ok     ok         403    ok     401      401      401     401      ok    403       ok          ok      ok
        """;

    private const string UserEither = """
        401     401    ok   ok     ok         403    ok     401      401      401     401      ok    ok        ok          ok      ok
        """;

    // The address names the user: who sends nothing else is that user on a developer's machine, and nobody elsewhere.
    private const string OwnLooks = """
        dev     dev    ok   ok     403        400    ok     401      401      dev     dev      ok    403       ok          ok      ok
        """;

    private const string Admin = """
        401     401    403  403    403        403    ok     401      401      401     401      403   403       401         403     403
        """;

    private static readonly Dictionary<string, string> Rows = new(StringComparer.Ordinal)
    {
        ["account-delete"] = UserMakes,
        ["account-export"] = UserLooks,
        ["admin-audit"] = Admin,
        ["admin-code"] = Admin,
        ["admin-codes"] = Admin,
        ["admin-budget"] = Admin,
        ["admin-key"] = Admin,
        ["admin-keys"] = Admin,
        ["admin-notification-retry"] = Admin,
        ["admin-notifications"] = Admin,
        ["admin-order-refund"] = Admin,
        ["admin-orders"] = Admin,
        ["admin-package"] = Admin,
        ["admin-packages"] = Admin,
        ["admin-plan"] = Admin,
        ["admin-plans"] = Admin,
        ["admin-price"] = Admin,
        ["admin-prices"] = Admin,
        ["admin-tokens"] = Admin,
        ["admin-usage"] = Admin,
        ["admin-user-credits"] = Admin,
        ["admin-user-notifications"] = Admin,
        ["admin-user-subscription"] = Admin,
        ["admin-users"] = Admin,
        ["ai-credits-status"] = GuestLooks,
        ["ai-preview-image"] = GuestMakes,
        ["balance"] = GuestLooks,
        ["batch"] = UserMakes,
        ["complete"] = GuestMakes,
        ["credits"] = GuestLooks,
        ["credits-auto-topup"] = UserLooks,
        ["credits-auto-topup-set"] = OwnerMakes,
        ["credits-gift"] = OwnerMakes,
        ["credits-analytics"] = GuestLooks,
        ["credits-history"] = GuestLooks,
        ["credits-orders"] = UserLooks,
        ["credits-packages"] = Public,
        ["credits-purchase"] = UserMakes,
        ["credits-redeem"] = UserMakes,
        ["credits-referral"] = UserLooks,
        ["credits-referral-set"] = UserMakes,
        ["estimate"] = GuestLooks,
        ["health"] = Public,
        ["images-delete"] = GuestMakes,
        ["images-get"] = GuestEither,
        ["images-list"] = GuestLooks,
        ["images-print"] = UserMakes,
        ["images-select"] = GuestMakes,
        ["notifications-confirm"] = OwnerMakes,
        ["notifications-preferences"] = OwnerMakes,
        ["subscription-alert-read"] = UserMakes,
        ["subscription-alerts"] = OwnLooks,
        ["pay"] = Public,
        ["payments-stripe"] = Public,
        ["search"] = GuestMakes,
        ["subscription-change"] = OwnerMakes,
        ["subscription-checkout"] = OwnerMakes,
        ["subscription-plans"] = Public,
        ["subscription-pricing"] = Public,
        ["subscription-quote"] = UserLooks,
        ["subscription-billing"] = OwnLooks,
        ["subscription-dashboard"] = OwnLooks,
        ["subscription-recommendations"] = OwnLooks,
        ["subscription-trends"] = OwnLooks,
        ["subscription-usage"] = OwnLooks,
        ["subscription-user"] = OwnLooks,
        ["teams"] = UserMakes,
        ["teams-invite"] = OwnerMakes,
        ["teams-join"] = UserMakes,
        ["teams-member"] = OwnerMakes,
        ["usage-chat"] = GuestLooks,
        ["usage-export"] = UserLooks,
        ["v1-chat-completions"] = UserMakes,
        ["v1-embeddings"] = UserMakes,
        ["v1-images"] = UserMakes,
        ["v1-model"] = UserEither,
        ["v1-models"] = UserEither,
    };

    public static IEnumerable<string> Functions => Rows.Keys;

    public static string Outcome(string function, string caller, bool isDevelopment, bool guestsAreWelcome)
    {
        var outcome = Rows[function].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[Array.IndexOf(Callers, caller)];
        return (outcome, caller) switch
        {
            ("new", _) when !guestsAreWelcome => "401",
            ("dev", _) => isDevelopment ? "ok" : "401",
            ("ok", "guest") when !guestsAreWelcome && Rows[function] != Public => "401",
            ("ok", "named") when !isDevelopment && Rows[function] != Public => "401",
            _ => outcome,
        };
    }
}
