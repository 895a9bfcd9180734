using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Constraints;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.AspNetCore.Routing.Template;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>A route under its prefix, matched with ASP.NET Core's own parser and constraints.</summary>
internal sealed class RouteTemplate
{
    private readonly TemplateMatcher _matcher;
    private readonly Dictionary<string, IRouteConstraint[]> _constraints = new(StringComparer.OrdinalIgnoreCase);

    public RouteTemplate(string template, IInlineConstraintResolver resolver)
    {
        Pattern = RoutePatternFactory.Parse(template);
        var parsed = TemplateParser.Parse(template);
        _matcher = new TemplateMatcher(parsed, new RouteValueDictionary(
            parsed.Parameters.Where(p => p.DefaultValue is not null).Select(p => KeyValuePair.Create(p.Name!, p.DefaultValue))));
        foreach (var parameter in parsed.Parameters)
        {
            _constraints[parameter.Name!] = [.. parameter.InlineConstraints.Select(c => Resolve(resolver, c.Constraint, template))
                .Select(c => parameter.IsOptional ? new OptionalRouteConstraint(c) : c)];
        }
    }

    public RoutePattern Pattern { get; }

    public static string? Problem(string template)
    {
        try
        {
            TemplateParser.Parse(template);
            return null;
        }
        catch (ArgumentException malformed)
        {
            // ASP.NET Core says what is wrong with a template only by throwing.
            return $"The route '{template}' cannot be read: {malformed.Message}";
        }
    }

    public bool TryMatch(PathString path, HttpContext http, RouteValueDictionary values)
    {
        if (!_matcher.TryMatch(path, values))
        {
            return false;
        }

        return _constraints.All(parameter => parameter.Value.All(c => c.Match(http, route: null, parameter.Key, values, RouteDirection.IncomingRequest)));
    }

    public bool Accepts(string parameter, string text) =>
        _constraints[parameter].All(c => c.Match(httpContext: null, route: null, parameter, new RouteValueDictionary { [parameter] = text }, RouteDirection.IncomingRequest));

    private static IRouteConstraint Resolve(IInlineConstraintResolver resolver, string constraint, string template) =>
        resolver.ResolveConstraint(constraint) ?? throw new LocalHostException($"The route '{template}' uses the unknown constraint '{constraint}'.");
}
