using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace CloudinaryDotNet;

/// <summary>Addresses and signatures of one account.</summary>
public class ApiShared
{
    public const string ADDR_API = "api.cloudinary.com";
    public const string ADDR_RES = "res.cloudinary.com";
    public const string API_VERSION = "v1_1";

    /// <summary>Delivery addresses start with https.</summary>
    public bool Secure;

    /// <summary>Milliseconds an API call may take; 0 leaves it to <see cref="Client"/>.</summary>
    public int Timeout;

    public HttpClient Client = new();

    public ApiShared()
        : this(Environment.GetEnvironmentVariable("CLOUDINARY_URL"))
    {
    }

    /// <param name="cloudinaryUrl"><c>cloudinary://key:secret@cloud</c></param>
    public ApiShared(string cloudinaryUrl)
        : this(Parse(cloudinaryUrl))
    {
    }

    public ApiShared(Account account)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (string.IsNullOrEmpty(account.Cloud))
        {
            throw new ArgumentException("Cloud name must be specified in Account!", nameof(account));
        }

        Account = account;
    }

    public Account Account { get; }

    public string ApiBaseAddress { get; set; } = $"https://{ADDR_API}";

    public Url Url => new Url(Account.Cloud) { Signature = SignUriPart }.Secure(Secure);

    public Url UrlImgUp => Url.ResourceType("image").Action("upload");

    public Url ApiUrl => Url.CloudinaryAddr(ApiBaseAddress);

    public Url ApiUrlV => ApiUrl.ApiVersion(API_VERSION);

    public Url ApiUrlImgUpV => ApiUrlV.Action("upload").ResourceType("image");

    /// <summary>Hex SHA-1 of the sorted <c>key=value</c> pairs and the secret. An <c>&amp;</c> inside a value must not look like a separator.</summary>
    public string SignParameters(IDictionary<string, object> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        IEnumerable<string> pairs = parameters
            .Where(pair => pair.Value is not null && pair.Key is not ("resource_type" or "file" or "api_key"))
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $"{pair.Key}={Text(pair.Value).Replace("&", "%26", StringComparison.Ordinal)}");
        return Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(string.Join('&', pairs) + Account.ApiSecret)));
    }

    /// <summary>The part of a delivery address that proves that the account's owner built it.</summary>
    public string SignUriPart(string uriPart, bool isLong = true)
    {
        byte[] text = Encoding.UTF8.GetBytes(uriPart + Account.ApiSecret);
        string digest = Base64Url.EncodeToString(isLong ? SHA256.HashData(text) : SHA1.HashData(text));
        return $"s--{digest[..(isLong ? 32 : 8)]}--/";
    }

    internal static string Text(object value) => value is IEnumerable<string> list ? string.Join(',', list) : value.ToString();

    private static Account Parse(string cloudinaryUrl)
    {
        if (!Uri.TryCreate(cloudinaryUrl, UriKind.Absolute, out Uri uri) || uri.Scheme != "cloudinary")
        {
            throw new ArgumentException("Valid format is: cloudinary://key:secret@cloud_name", nameof(cloudinaryUrl));
        }

        string[] credentials = uri.UserInfo.Split(':', 2);
        return credentials.Length == 2 ? new Account(uri.Host, credentials[0], credentials[1]) : new Account(uri.Host);
    }
}
