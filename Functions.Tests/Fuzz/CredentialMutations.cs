namespace ServerlessAi.Tests.Fuzz;

/// <summary>Bends who a request says it is from, and keeps the record of whose genuine key it still carries.</summary>
internal static class CredentialMutations
{
    public static void Bend(FuzzRequest request, Dice dice)
    {
        var genuine = request.Header("Authorization")!["Bearer ".Length..];
        var caller = request.Caller;
        request.Drop("Authorization");
        request.Caller = FuzzCaller.Nobody;
        switch (dice.Below(6))
        {
            case 0:
                break;
            case 1:
                request.Headers.Add(("Authorization", dice.Of(Forged(genuine))));
                break;
            case 2:
                request.Drop("x-api-key");
                request.Headers.Add(("x-api-key", dice.Of(Forged(genuine))["Bearer ".Length..]));
                break;
            case 3:
                request.Headers.AddRange([("Authorization", "Bearer " + genuine), ("Authorization", dice.Of(["Bearer " + genuine, "Basic YTpi", "Bearer x"]))]);
                break;
            default:
                Keep(request, dice, genuine, caller);
                break;
        }
    }

    // Other ways that the contract allows to send the same key.
    private static void Keep(FuzzRequest request, Dice dice, string genuine, FuzzCaller caller)
    {
        request.Caller = caller;
        request.Drop("x-api-key");
        if (dice.OneIn(2))
        {
            request.Headers.Add(("Authorization", dice.Of(["bearer ", "BEARER   "]) + genuine));
            return;
        }

        request.Headers.Add(("x-api-key", genuine));
        if (dice.OneIn(2))
        {
            request.Headers.Add(("Authorization", "Basic YTpi"));
        }
    }

    private static string[] Forged(string genuine) =>
    [
        "Bearer " + genuine + "x", "Bearer " + genuine[..^1], "Bearer " + genuine[..^1] + "~", "Bearer " + Swapped(genuine), "Bearer x" + genuine, "Bearer " + genuine + "," + genuine,
        "Bearer sai_", "Bearer sai__", "Bearer sai_a_b", "Bearer sai_a_b_c", "Bearer sai_%00_b", "Bearer sai_é_b", "Bearer sai_..%2f_b", "Bearer sai_" + new string('a', 32) + "_b",
        "Bearer sai_" + new string('a', 5_000) + "_b", "Bearer " + new string('_', 5_000), "Bearer ", "Bearer null", "Bearer sat_", "Bearer sat_" + genuine, "Bearer sat_CfDJ8AAAA", "Bearer sat_" + new string('A', 3_000), "Bearer sat_%00", "Bearer " + new string('x', 20_000),
    ];

    private static string Swapped(string text) => string.Concat(text.Select(unit => char.IsUpper(unit) ? char.ToLowerInvariant(unit) : char.ToUpperInvariant(unit)));
}
