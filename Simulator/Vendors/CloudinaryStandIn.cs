using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// Speaks Cloudinary's signed upload and destroy calls, cloudinary.com/documentation/image_upload_api_reference, keeps what it is given, and delivers it
/// (<see cref="CloudinaryDelivery"/>). It checks signatures itself, from cloudinary.com/documentation/authentication_signatures; what it says to wrong ones
/// is what github.com/cloudinary/cloudinary_npm/issues/59 quotes.
/// </summary>
public sealed class CloudinaryStandIn : VendorStandIn
{
    public const string ApiKey = "874837483274837";
    public const string Secret = "a676b67565c6767a6767d6767f676fe1";
    public const string Cloud = "standin";

    /// <summary>What an app is configured with.</summary>
    public const string Url = $"cloudinary://{ApiKey}:{Secret}@{Cloud}";

    private readonly ConcurrentDictionary<string, byte[]> files = new(StringComparer.Ordinal);

    /// <summary>Files by public id.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => files;

    protected override Behaviour Unauthorized => Error(401, "Invalid Signature");

    public static Task<CloudinaryStandIn> StartAsync() => StartAsync(new CloudinaryStandIn());

    /// <summary>The documented error object.</summary>
    public static Behaviour Error(int status, string message) => Json(status, new { error = new { message } });

    // Scripts are for all calls; there are no models here.
    protected override string? ModelOf(ReceivedRequest request) => "";

    protected override bool IsAuthorized(ReceivedRequest request)
    {
        if (request.Method is "GET")
        {
            return CloudinaryDelivery.IsSigned(request.Path, Secret);
        }

        var form = FormBody.Read(request).Fields;
        var signature = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(StringToSign(form) + Secret)));
        return form.ContainsKey("timestamp")
            && string.Equals(form.GetValueOrDefault("api_key"), ApiKey, StringComparison.Ordinal)
            && string.Equals(form.GetValueOrDefault("signature"), signature, StringComparison.Ordinal);
    }

    protected override Behaviour UnauthorizedOf(ReceivedRequest request)
    {
        if (request.Method is "GET")
        {
            return Unauthorized;
        }

        var form = FormBody.Read(request).Fields;
        var key = form.GetValueOrDefault("api_key", "");
        return string.Equals(key, ApiKey, StringComparison.Ordinal)
            ? Error(401, $"Invalid Signature {form.GetValueOrDefault("signature")}. String to sign - '{StringToSign(form)}'.")
            : Error(401, $"Unknown API key {key}");
    }

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request)
    {
        if (request.Method is "GET")
        {
            return CloudinaryDelivery.SendAsync(context, request.Path, files);
        }

        var (fields, file) = FormBody.Read(request);
        var publicId = fields.GetValueOrDefault("public_id", "");
        return (request.Path switch
        {
            $"/v1_1/{Cloud}/image/upload" => Uploaded(publicId, file, "image"),
            $"/v1_1/{Cloud}/raw/upload" => Uploaded(publicId, file, "raw"),
            $"/v1_1/{Cloud}/image/destroy" => Json(200, new { result = files.TryRemove(publicId, out _) ? "ok" : "not found" }),
            _ => Error(404, "Resource not found"),
        }).Run(context, () => Task.CompletedTask);
    }

    private static string StringToSign(Dictionary<string, string> form) => string.Join('&', form
        .Where(field => field.Key is not ("api_key" or "signature" or "cloud_name" or "resource_type"))
        .OrderBy(field => field.Key, StringComparer.Ordinal)
        .Select(field => $"{field.Key}={field.Value.Replace("&", "%26", StringComparison.Ordinal)}"));

    private Behaviour Uploaded(string publicId, byte[] file, string resourceType)
    {
        files[publicId] = file;
        return Json(200, new
        {
            asset_id = "b5e6d2b39ba3e0869d67141ba7dba6cf",
            public_id = publicId,
            version = 1_760_000_000,
            width = 12,
            height = 8,
            format = "png",
            resource_type = resourceType,
            type = "upload",
            bytes = file.Length,
            url = $"http://res.cloudinary.com/{Cloud}/{resourceType}/upload/v1760000000/{publicId}",
            secure_url = $"https://res.cloudinary.com/{Cloud}/{resourceType}/upload/v1760000000/{publicId}",
        });
    }
}
