using System.Text;

namespace ServerlessAi.Tests.Fuzz;

/// <param name="User">The user whose genuine key is sent; null for the admin's, or for none.</param>
/// <param name="IsAdmin">The admin's genuine key is sent.</param>
internal sealed record FuzzCaller(string? User, bool IsAdmin)
{
    public static readonly FuzzCaller Nobody = new(User: null, IsAdmin: false);
    public static readonly FuzzCaller Admin = new(User: null, IsAdmin: true);
}

/// <summary>A request while it is being bent. Everything in it is sent as it stands, without any client's tidying.</summary>
internal sealed class FuzzRequest(int number, FuzzRoute route)
{
    private const int ShownLimit = 400;

    public int Number => number;

    public FuzzRoute Route => route;

    public string Method { get; set; } = route.Verb;

    /// <summary>Of <c>/api/</c>; ASCII, percent-encoded where it must be.</summary>
    public string Path { get; set; } = "";

    /// <summary>Pairs as they stand after the question mark.</summary>
    public List<string> Query { get; } = [];

    public List<(string Name, string Value)> Headers { get; } = [];

    public FuzzCaller Caller { get; set; } = FuzzCaller.Nobody;

    public byte[]? Body { get; set; }

    public string? ContentType { get; set; }

    public string Target => "/api/" + Path + (Query.Count == 0 ? "" : "?" + string.Join('&', Query));

    /// <summary>The path's segments as the server reads them: decoded, except for slashes, and then without dots.</summary>
    public IReadOnlyList<string> Segments
    {
        get
        {
            var segments = new List<string>();
            foreach (var segment in ("api/" + Path).Split('/').Select(Uri.UnescapeDataString))
            {
                if (segment is "..")
                {
                    segments.RemoveRange(Math.Max(0, segments.Count - 1), Math.Min(1, segments.Count));
                }
                else if (segment is not ".")
                {
                    segments.Add(segment);
                }
            }

            return segments;
        }
    }

    /// <summary>Past the server's own limits, which may end the connection before an answer is read.</summary>
    public bool IsOverTransportLimits => Target.Length > 8_000 || Headers.Count > 90 || Headers.Sum(header => header.Name.Length + header.Value.Length) > 30_000;

    public string? Header(string name) => Headers.Find(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase)).Value;

    public void Drop(string name) => Headers.RemoveAll(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase));

    public override string ToString()
    {
        var text = new StringBuilder().Append('#').Append(number).Append(' ').Append(Method).Append(' ').AppendLine(Shortened(Target));
        foreach (var (name, value) in Headers)
        {
            text.Append(name).Append(": ").AppendLine(Shortened(value));
        }

        text.Append("Content-Type: ").AppendLine(ContentType);
        return text.Append(Body is null ? "(no body)" : $"{Body.Length} bytes: {Shortened(Encoding.UTF8.GetString(Body))}").ToString();
    }

    private static string Shortened(string text) => text.Length > ShownLimit ? $"{text[..ShownLimit]}... ({text.Length} characters)" : text;
}
