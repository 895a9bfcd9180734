using Microsoft.AspNetCore.Routing.Patterns;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>
/// Whether one path can match two templates. The real host takes the first in alphabetical order of function names and the worker
/// the more precise, so the two can disagree about such a path; the local host refuses it. In doubt two templates overlap.
/// </summary>
internal static class RouteOverlap
{
    private static readonly string[] s_wholeNumbers = ["int", "long"];
    private static readonly string[] s_neverWholeNumbers = ["alpha", "bool", "guid"];

    public static bool Exists(RouteTemplate a, RouteTemplate b) => Exists(a, a.Pattern.PathSegments, b, b.Pattern.PathSegments, 0);

    private static bool Exists(RouteTemplate a, IReadOnlyList<RoutePatternPathSegment> left, RouteTemplate b, IReadOnlyList<RoutePatternPathSegment> right, int at)
    {
        if (CanEnd(left, at) && CanEnd(right, at))
        {
            return true;
        }

        if (IsCatchAll(left, at) || IsCatchAll(right, at))
        {
            return true;
        }

        return at < left.Count && at < right.Count && Compatible(a, left[at], b, right[at]) && Exists(a, left, b, right, at + 1);
    }

    private static bool CanEnd(IReadOnlyList<RoutePatternPathSegment> segments, int from) =>
        segments.Skip(from).All(s => s is { IsSimple: true } && s.Parts[0] is RoutePatternParameterPart p && (p.IsOptional || p.IsCatchAll || p.Default is not null));

    private static bool IsCatchAll(IReadOnlyList<RoutePatternPathSegment> segments, int at) =>
        at < segments.Count && segments[at].Parts.Any(p => p is RoutePatternParameterPart { IsCatchAll: true });

    private static bool Compatible(RouteTemplate a, RoutePatternPathSegment left, RouteTemplate b, RoutePatternPathSegment right)
    {
        if (!left.IsSimple || !right.IsSimple)
        {
            return true;
        }

        return (left.Parts[0], right.Parts[0]) switch
        {
            (RoutePatternLiteralPart l, RoutePatternLiteralPart r) => string.Equals(l.Content, r.Content, StringComparison.OrdinalIgnoreCase),
            (RoutePatternParameterPart p, RoutePatternLiteralPart l) => a.Accepts(p.Name, l.Content),
            (RoutePatternLiteralPart l, RoutePatternParameterPart p) => b.Accepts(p.Name, l.Content),
            (RoutePatternParameterPart p, RoutePatternParameterPart q) => !Disjoint(p, q) && !Disjoint(q, p),
            _ => true,
        };
    }

    private static bool Disjoint(RoutePatternParameterPart a, RoutePatternParameterPart b) =>
        HasPolicy(a, s_wholeNumbers) && HasPolicy(b, s_neverWholeNumbers);

    private static bool HasPolicy(RoutePatternParameterPart parameter, string[] names) =>
        parameter.ParameterPolicies.Any(p => names.Contains(p.Content, StringComparer.OrdinalIgnoreCase));
}
