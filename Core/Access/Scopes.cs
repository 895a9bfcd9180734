namespace ServerlessAi.Access;

/// <summary>What a key may be used for. A function that names several is open to a key with any of them.</summary>
[Flags]
public enum Scopes
{
    None = 0,

    /// <summary>Whatever makes or changes something.</summary>
    Generate = 1,

    /// <summary>Whatever only looks: balances, history, images, estimates.</summary>
    Read = 2,

    All = Generate | Read,
}

/// <summary>Scopes by name: <c>generate</c>, <c>read</c>.</summary>
public static class ScopeNames
{
    private static readonly (string Name, Scopes Scope)[] Known = [("generate", Scopes.Generate), ("read", Scopes.Read)];

    public static IReadOnlyList<string> Of(Scopes scopes) => [.. Known.Where(known => scopes.HasFlag(known.Scope)).Select(known => known.Name)];

    /// <returns>Null when a name is unknown, or there is none.</returns>
    public static Scopes? Parse(IReadOnlyList<string> names)
    {
        var scopes = Scopes.None;
        foreach (var name in names)
        {
            var found = Array.Find(Known, known => string.Equals(known.Name, name, StringComparison.Ordinal)).Scope;
            if (found == Scopes.None)
            {
                return null;
            }

            scopes |= found;
        }

        return scopes == Scopes.None ? null : scopes;
    }
}
