using System.ComponentModel.DataAnnotations;

namespace ServerlessAi.Access;

/// <summary>Settings of access.</summary>
public sealed class AccessOptions
{
    public const string Section = "Access";

    /// <summary>The first admin's key; sent like any API key. Unset: only admin keys that were issued work.</summary>
    [RegularExpression("^.{16,}$", ErrorMessage = "Access__AdminKey must have 16 characters or more.")]
    public string? AdminKey { get; set; }

    /// <summary>The role, as App Service authentication reports it, that makes an admin of who has it. Unset: nobody becomes one by signing in.</summary>
    [RegularExpression("^.{1,128}$")]
    public string? AdminRole { get; set; }

    /// <summary>New visitors without credentials that one network (IPv4 /24, IPv6 /64) may bring in a day of UTC. 0: there are no guests.</summary>
    [Range(0, 1_000_000)]
    public int GuestsPerNetworkPerDay { get; set; }
}
