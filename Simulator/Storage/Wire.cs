namespace ServerlessAi.Simulator.Storage;

/// <summary>A request as it reaches the service: the path without the host, still escaped; options and header names in any case.</summary>
internal sealed record WireRequest(
    string Method, string Path, IReadOnlyDictionary<string, string> Options, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body)
{
    public string? Option(string name) => Options.GetValueOrDefault(name);

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <param name="query">With or without its question mark.</param>
    public static IReadOnlyDictionary<string, string> ParseQuery(string query)
    {
        var options = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var pair in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = Uri.UnescapeDataString(equals < 0 ? pair : pair[..equals]);
            options[name] = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]);
        }

        return options;
    }
}

/// <summary>What the service answers.</summary>
internal sealed record WireReply(int Status, ReadOnlyMemory<byte> Body, params IReadOnlyList<(string Name, string Value)> Headers)
{
    public WireReply(int status, params IReadOnlyList<(string Name, string Value)> headers)
        : this(status, ReadOnlyMemory<byte>.Empty, headers)
    {
    }
}

/// <summary>The service says no, with the status, code and message it is documented to use.</summary>
internal sealed class ServiceErrorException(int status, string code, string message) : Exception(message)
{
    public int Status => status;

    public string Code => code;
}
