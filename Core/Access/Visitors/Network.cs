using System.Net;
using System.Net.Sockets;

namespace ServerlessAi.Access.Visitors;

/// <summary>The network that an address is counted with: what one household or office usually has, IPv4 /24 and IPv6 /64.</summary>
internal static class Network
{
    private const string Unknown = "unknown";

    /// <param name="address">Null counts as a network of its own, so that who hides shares one limit with all who do.</param>
    public static string Of(IPAddress? address)
    {
        if (address is null)
        {
            return Unknown;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        var bytes = plain.GetAddressBytes();
        return Convert.ToHexString(bytes.AsSpan(0, plain.AddressFamily == AddressFamily.InterNetwork ? 3 : 8));
    }
}
