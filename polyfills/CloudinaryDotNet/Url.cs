using System.Text;
using System.Text.RegularExpressions;

namespace CloudinaryDotNet;

/// <summary>Builds addresses of pictures (and of the API, which has a base address and a version of its own).</summary>
public partial class Url(string cloudName)
{
    private const int PatternTimeoutMs = 1000;

    private string _base;
    private string _apiVersion;
    private string _resourceType = "";
    private string _action = "";
    private string _version;
    private bool _forceVersion = true;
    private bool _secure;
    private bool _signed;
    private bool _longSignature;
    private Transformation _transformation;

    public string FormatValue { get; set; }

    public Transformation Transformation => _transformation ??= new Transformation();

    internal Func<string, bool, string> Signature { get; init; }

    public Url CloudinaryAddr(string cloudinaryAddr) => With(() => _base = cloudinaryAddr);

    public Url ApiVersion(string apiVersion) => With(() => _apiVersion = apiVersion);

    public Url ResourceType(string resourceType) => With(() => _resourceType = resourceType);

    public Url Action(string action) => With(() => _action = action);

    public Url Type(string deliveryType) => Action(deliveryType);

    public Url Version(string version) => With(() => _version = version);

    /// <summary>A public id with folders gets <c>v1</c>, so that its first folder is not taken for a transformation.</summary>
    public Url ForceVersion(bool forceVersion = true) => With(() => _forceVersion = forceVersion);

    public Url Secure(bool secure = true) => With(() => _secure = secure);

    public Url Signed(bool signed) => With(() => _signed = signed);

    public Url LongUrlSignature(bool isLong) => With(() => _longSignature = isLong);

    public Url Format(string format) => With(() => FormatValue = format);

    public Url Transform(Transformation transformation) => With(() => _transformation = transformation);

    public string BuildUrl() => BuildUrl(null);

    public string BuildUrl(string source)
    {
        string file = Encode(source ?? "");
        file = FormatValue is null || file.Length == 0 ? file : $"{file}.{FormatValue}";
        string transformation = _transformation?.Generate() ?? "";
        string signature = _signed && Signature is not null
            ? Signature(Join(transformation, file), _longSignature).TrimEnd('/')
            : "";
        return Join(Prefix(), _apiVersion, cloudName, _resourceType, _action, signature, transformation, VersionOf(file), file);
    }

    private string Prefix() => _base ?? $"{(_secure ? "https" : "http")}://{ApiShared.ADDR_RES}";

    private string VersionOf(string file)
    {
        bool needsDefault = _version is null && _forceVersion && file.Contains('/', StringComparison.Ordinal) && !Versioned().IsMatch(file) && !Remote().IsMatch(file);
        string version = needsDefault ? "1" : _version;
        return string.IsNullOrEmpty(version) ? "" : $"v{version}";
    }

    /// <summary>Escapes what is not safe in a path, once: a source may come escaped already.</summary>
    private static string Encode(string source)
    {
        var encoded = new StringBuilder(source.Length);
        foreach (byte value in Encoding.UTF8.GetBytes(Remote().IsMatch(source) ? source : Uri.UnescapeDataString(source)))
        {
            encoded = char.IsAsciiLetterOrDigit((char)value) || "/:-_.*".Contains((char)value, StringComparison.Ordinal)
                ? encoded.Append((char)value)
                : encoded.Append('%').Append(Convert.ToHexString([value]));
        }

        return encoded.ToString();
    }

    private static string Join(params string[] parts) => string.Join('/', parts.Where(part => !string.IsNullOrEmpty(part)));

    private Url With(Action change)
    {
        change();
        return this;
    }

    [GeneratedRegex("^v[0-9]+/", RegexOptions.CultureInvariant, PatternTimeoutMs)]
    private static partial Regex Versioned();

    [GeneratedRegex("^https?:/", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, PatternTimeoutMs)]
    private static partial Regex Remote();
}
