using Azure.Core;
using Azure.Identity;

namespace ServerlessAi.Storage;

/// <summary>How the app signs in to Azure services without a key.</summary>
internal static class AppIdentity
{
    public static TokenCredential Create(StorageOptions options) => options.ManagedIdentityClientId is { Length: > 0 } clientId
        ? new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId))
        : new DefaultAzureCredential();
}
