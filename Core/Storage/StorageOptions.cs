using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Storage;

/// <summary>Where everything is kept. Either a connection string (local) or an account name, reached with the app's identity (Azure).</summary>
public sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>For Azurite and for keys; leave empty in Azure and set <see cref="AccountName"/>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Storage account reached with the managed identity, for example <c>stserverlessai</c>.</summary>
    public string? AccountName { get; set; }

    /// <summary>Client id of a user-assigned identity; empty for the system-assigned one.</summary>
    public string? ManagedIdentityClientId { get; set; }

    /// <summary>Put before every table's name, so that several apps can share an account. Letters and digits, a letter first.</summary>
    [RegularExpression("^([A-Za-z][A-Za-z0-9]{0,31})?$")]
    public string TablePrefix { get; set; } = "";

    /// <summary>The private blob container of answers that are too long for a row; created when missing.</summary>
    [RegularExpression("^[a-z0-9](-?[a-z0-9]){2,62}$")]
    public string AnswersContainer { get; set; } = "answers";

    /// <summary>The private blob container of the keys that tokens and cookies are sealed with; created when missing.</summary>
    [RegularExpression("^[a-z0-9](-?[a-z0-9]){2,62}$")]
    public string KeysContainer { get; set; } = "access-keys";

    /// <summary>Time one storage request may take before it counts as lost, milliseconds.</summary>
    [Range(100, 60_000)]
    public int NetworkTimeoutMs { get; set; } = 1_500;
}

/// <summary>Without settings of its own the app uses the storage account that its Functions host uses, as any function app may expect.</summary>
internal sealed class StorageOptionsFallback(IConfiguration configuration) : IPostConfigureOptions<StorageOptions>, IValidateOptions<StorageOptions>
{
    private const string HostStorage = "AzureWebJobsStorage";

    public void PostConfigure(string? name, StorageOptions options)
    {
        if (IsSet(options))
        {
            return;
        }

        options.ConnectionString = configuration[HostStorage];
        options.AccountName = configuration[HostStorage + ":accountName"];
        options.ManagedIdentityClientId ??= configuration[HostStorage + ":clientId"];
    }

    public ValidateOptionsResult Validate(string? name, StorageOptions options) => IsSet(options)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail("No storage is configured. Set Storage__AccountName (reached with the app's identity), Storage__ConnectionString, or AzureWebJobsStorage.");

    private static bool IsSet(StorageOptions options) => options.ConnectionString is { Length: > 0 } || options.AccountName is { Length: > 0 };
}
