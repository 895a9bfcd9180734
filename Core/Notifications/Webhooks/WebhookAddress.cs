using System.Net;

namespace ServerlessAi.Notifications;

/// <summary>What a webhook's URL may be. Where it leads is checked again, on the address itself, whenever it is connected to.</summary>
internal static class WebhookAddress
{
    public const int LengthLimit = 2_048;

    /// <summary>What is wrong with a URL; null when it can be used.</summary>
    public static string? Problem(string url, bool allowPrivate)
    {
        if (url.Length > LengthLimit || url.Any(char.IsControl) || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
        {
            return $"A webhook needs an absolute URL of at most {LengthLimit} characters.";
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return "A webhook's URL has neither a user nor a fragment.";
        }

        var isSecure = string.Equals(uri.Scheme, Uri.UriSchemeHttps, StringComparison.Ordinal);
        if (!isSecure && !(allowPrivate && string.Equals(uri.Scheme, Uri.UriSchemeHttp, StringComparison.Ordinal)))
        {
            return "A webhook's URL begins with https://.";
        }

        // Uri reads the decimal, octal and hexadecimal forms of an address, too.
        return !allowPrivate && (uri.IsLoopback || (IPAddress.TryParse(uri.DnsSafeHost, out var address) && !PublicAddresses.Contains(address)))
            ? "A webhook's URL leads to the public internet."
            : null;
    }
}
