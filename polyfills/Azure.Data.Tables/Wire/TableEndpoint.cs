using Azure.Core;
using Azure.Core.Pipeline;

namespace Azure.Data.Tables.Wire;

/// <summary>Where the service is, as whom it is called and through what pipeline. Shared by a service client and its table clients.</summary>
internal sealed class TableEndpoint
{
    private TableEndpoint(Uri uri, string accountName, HttpPipelinePolicy authentication, TableClientOptions options)
    {
        options ??= new TableClientOptions();
        var pipeline = new HttpPipelineOptions(options) { RequestFailedDetailsParser = ErrorDetails.Parser, ResponseClassifier = new ResponseClassifier() };
        if (authentication is not null)
        {
            pipeline.PerRetryPolicies.Add(authentication);
        }

        Uri = uri;
        AccountName = accountName ?? AccountNameOf(uri);
        Version = options.VersionString;
        Pipeline = HttpPipelineBuilder.Build(pipeline);
    }

    /// <summary>The service's address, with the shared access signature in its query if that is the credential.</summary>
    internal Uri Uri { get; }

    internal string AccountName { get; }

    internal string Version { get; }

    internal HttpPipeline Pipeline { get; }

    internal static TableEndpoint WithConnectionString(string connectionString, TableClientOptions options)
    {
        ConnectionSettings settings = ConnectionSettings.Parse(connectionString);
        return new TableEndpoint(settings.Endpoint, settings.AccountName, KeyPolicy(settings.Credential), options);
    }

    internal static TableEndpoint WithKey(Uri endpoint, TableSharedKeyCredential credential, TableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(credential);
        return new TableEndpoint(endpoint, credential.AccountName, KeyPolicy(credential), options);
    }

    internal static TableEndpoint WithToken(Uri endpoint, TokenCredential credential, TableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(credential);
        string scope = (options?.Audience ?? TableAudience.AzurePublicCloud).DefaultScope();
        return new TableEndpoint(endpoint, null, new BearerTokenAuthenticationPolicy(credential, scope), options);
    }

    /// <summary>The signature is part of the address, so it must not travel in the clear except to this machine.</summary>
    internal static TableEndpoint WithSignedUri(Uri endpoint, TableClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Scheme == Uri.UriSchemeHttps || endpoint.IsLoopback
            ? new TableEndpoint(endpoint, null, null, options)
            : throw new ArgumentException("Cannot use SAS token credential without HTTPS.", nameof(endpoint));
    }

    private static SharedKeyLitePolicy KeyPolicy(TableSharedKeyCredential credential) => credential is null ? null : new SharedKeyLitePolicy(credential);

    /// <summary>The first label of a host name, or the first path segment of an address such as an emulator's.</summary>
    private static string AccountNameOf(Uri uri)
    {
        int dot = uri.Host.IndexOf('.', StringComparison.Ordinal);
        return uri.HostNameType == UriHostNameType.Dns && dot >= 0 ? uri.Host[..dot] : uri.Segments.ElementAtOrDefault(1)?.TrimEnd('/');
    }
}
