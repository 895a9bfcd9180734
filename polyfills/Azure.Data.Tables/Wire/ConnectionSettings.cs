namespace Azure.Data.Tables.Wire;

/// <summary>What a connection string says: development storage, an account with a key, or an address with a shared access signature.</summary>
internal sealed record ConnectionSettings(Uri Endpoint, string AccountName, TableSharedKeyCredential Credential)
{
    private const string DevelopmentAccount = "devstoreaccount1";

    // The emulator's key is public and the same everywhere.
    private const string DevelopmentKey = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    internal static ConnectionSettings Parse(string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        Dictionary<string, string> segments = Split(connectionString);
        if (string.Equals(segments.GetValueOrDefault("UseDevelopmentStorage"), "true", StringComparison.OrdinalIgnoreCase))
        {
            return Development(segments.GetValueOrDefault("DevelopmentStorageProxyUri"));
        }

        string endpoint = segments.GetValueOrDefault("TableEndpoint");
        if (segments.TryGetValue("AccountName", out string name) && segments.TryGetValue("AccountKey", out string key))
        {
            string suffix = segments.GetValueOrDefault("EndpointSuffix");
            string protocol = segments.GetValueOrDefault("DefaultEndpointsProtocol", "https");
            endpoint ??= suffix is null ? null : $"{protocol}://{name}.table.{suffix}";
            if (endpoint is not null)
            {
                return new ConnectionSettings(new Uri(endpoint), name, new TableSharedKeyCredential(name, key));
            }
        }
        else if (endpoint is not null && segments.TryGetValue("SharedAccessSignature", out string signature))
        {
            return new ConnectionSettings(new UriBuilder(endpoint) { Query = signature }.Uri, name, null);
        }

        throw new ArgumentException("No valid combination of account information found.", nameof(connectionString));
    }

    private static ConnectionSettings Development(string proxy)
    {
        Uri host = proxy is null ? new Uri("http://127.0.0.1") : new Uri(proxy);
        return new ConnectionSettings(
            new UriBuilder(host.Scheme, host.Host, 10002, DevelopmentAccount).Uri,
            DevelopmentAccount,
            new TableSharedKeyCredential(DevelopmentAccount, DevelopmentKey));
    }

    private static Dictionary<string, string> Split(string connectionString)
    {
        var segments = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string segment in connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // A key is base64 and may end in '=': only the first one separates.
            int equals = segment.IndexOf('=', StringComparison.Ordinal);
            string keyword = equals < 0 ? segment : segment[..equals].TrimEnd();
            if (equals <= 0 || equals == segment.Length - 1)
            {
                throw new InvalidOperationException($"Connection string doesn't have value for keyword '{keyword}'.");
            }

            if (!segments.TryAdd(keyword, segment[(equals + 1)..].TrimStart()))
            {
                throw new InvalidOperationException($"Duplicate keyword '{keyword}'.");
            }
        }

        return segments;
    }
}
