using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// Cloudinary's delivery URLs, cloudinary.com/documentation/image_transformations: originals as they are, transformed ones as JPEGs that have the asked-for
/// size and nothing else. URLs with a signature must have the right one, cloudinary.com/documentation/delivery_url_signatures.
/// </summary>
internal static partial class CloudinaryDelivery
{
    public static bool IsSigned(string path, string secret)
    {
        var parts = Parts().Match(path).Groups;
        if (!parts["signature"].Success)
        {
            return true;
        }

        var signed = parts["transformation"].Value + parts["file"].Value;
        var digest = Convert.ToBase64String(SHA1.HashData(Encoding.UTF8.GetBytes(signed + secret))).Replace('+', '-').Replace('/', '_');
        return string.Equals(parts["signature"].Value, digest[..8], StringComparison.Ordinal);
    }

    public static Task SendAsync(HttpContext context, string path, IReadOnlyDictionary<string, byte[]> files)
    {
        var parts = Parts().Match(path).Groups;
        var isRaw = parts["kind"].Value is "raw";
        var id = isRaw ? parts["file"].Value : Path.ChangeExtension(parts["file"].Value, extension: null);
        if (!files.TryGetValue(id, out var file))
        {
            context.Response.StatusCode = 404;
            context.Response.Headers["X-Cld-Error"] = "Resource not found - " + id;
            return Task.CompletedTask;
        }

        var components = parts["transformation"].Value.Trim('/').Split(',').Where(component => component.Length > 0).ToDictionary(component => component.Split('_')[0], component => component.Split('_')[1], StringComparer.Ordinal);
        return context.Response.Body.WriteAsync(
            components.TryGetValue("w", out var width) && components.TryGetValue("h", out var height)
                ? Jpeg(int.Parse(width, CultureInfo.InvariantCulture), int.Parse(height, CultureInfo.InvariantCulture))
                : file).AsTask();
    }

    // ITU T.81, B.2.2: start of image, start of frame with three components, and filling.
    private static byte[] Jpeg(int width, int height)
    {
        byte[] jpeg = [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0, 0, 0, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 0xFF, 0xFE, 0, 8, 0, 0, 0, 0, 0, 0, 0xFF, 0xD9];
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(7), (ushort)height);
        BinaryPrimitives.WriteUInt16BigEndian(jpeg.AsSpan(9), (ushort)width);
        return jpeg;
    }

    [GeneratedRegex(@"^/[^/]+/(?<kind>image|raw)/upload/(s--(?<signature>[\w-]{8})--/)?(?<transformation>[^/]*_[^/]*/)?(v\d+/)?(?<file>.+)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Parts();
}
