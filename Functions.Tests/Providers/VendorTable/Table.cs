using System.Globalization;
using System.Text;
using ServerlessAi.Providers;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>One line: what a vendor did, and what the app made of it.</summary>
/// <param name="Outcome">A failure's code; <c>ok</c>; <c>partial</c> for a stream that broke off.</param>
internal sealed record Line(string Vendor, string Case, string Says, string Outcome, bool MayCost, bool FallsBack, double? RetryAfter)
{
    private static readonly HashSet<string> Harmless = new(StringComparer.Ordinal) { "ok", "overloaded", "rate_limited", "unavailable", "unauthorized", "model_not_found", "invalid_request", "content_refused" };

    private static readonly HashSet<string> Final = new(StringComparer.Ordinal) { "ok", "invalid_request", "content_refused" };

    /// <summary>As specified: what may have cost is what nobody can know, and what is wrong with the request itself is taken nowhere else.</summary>
    public static Line Of(string vendor, string name, string says, ProviderFailure failure, double? retryAfter = null, bool neverFallsBack = false) =>
        new(vendor, name, says, failure.ToCode(), !Harmless.Contains(failure.ToCode()), !neverFallsBack && !Final.Contains(failure.ToCode()), retryAfter);

    public string Row => string.Create(
        CultureInfo.InvariantCulture,
        $"| {Vendor} | {Case} | {Says} | `{Outcome}` | {(MayCost ? "yes" : "no")} | {(FallsBack ? "yes" : "no")} | {(RetryAfter is { } seconds ? $"{seconds} s" : "")} |");

    public static string Table(IEnumerable<Line> lines)
    {
        var table = new StringBuilder().AppendLine("| Vendor | Case | The vendor's answer | Outcome | May cost | Falls back | Retry-After |").AppendLine("|---|---|---|---|---|---|---|");
        foreach (var line in lines)
        {
            table.AppendLine(line.Row);
        }

        return table.ToString();
    }
}
