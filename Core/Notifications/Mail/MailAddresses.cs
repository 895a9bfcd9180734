using System.Net.Mail;

namespace ServerlessAi.Notifications;

/// <summary>Addresses that mail can go to: plain ones. No names, comments, quotes or characters that could begin another header.</summary>
internal static class MailAddresses
{
    /// <summary>RFC 5321: what fits between the angle brackets of a path.</summary>
    private const int LengthLimit = 254;

    public static bool IsValid(string? address) =>
        address is { Length: > 2 and <= LengthLimit }
        && address.All(unit => char.IsAsciiLetterOrDigit(unit) || unit is '@' or '.' or '-' or '_' or '+' or '\'' or '&' or '/' or '=' or '~')
        && address.Count(unit => unit == '@') == 1
        && MailAddress.TryCreate(address, out var parsed)
        && string.Equals(parsed.Address, address, StringComparison.Ordinal)
        && parsed.Host.Contains('.', StringComparison.Ordinal)
        && Uri.CheckHostName(parsed.Host) == UriHostNameType.Dns;

    /// <summary>What follows the sign.</summary>
    public static string DomainOf(string address) => address[(address.IndexOf('@', StringComparison.Ordinal) + 1)..];
}
