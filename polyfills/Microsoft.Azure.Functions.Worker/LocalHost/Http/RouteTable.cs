using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

internal sealed class RouteTable
{
    private readonly List<(LocalFunction Function, RouteTemplate Template)> _routes = [];

    /// <summary>Every loaded HTTP function takes part in the checks; only those that are not disabled are served.</summary>
    public RouteTable(IEnumerable<LocalFunction> functions, string prefix, IInlineConstraintResolver resolver, Func<LocalFunction, bool> isServed)
    {
        foreach (var function in functions.Where(f => f.Http is not null))
        {
            _routes.Add((function, new RouteTemplate(prefix.Length == 0 ? function.Route : $"{prefix}/{function.Route}", resolver)));
        }

        RefuseOverlaps();
        _routes.RemoveAll(route => !isServed(route.Function));
    }

    /// <summary>The first match in alphabetical order of function names. A method that no function takes is as unknown as a path.</summary>
    public bool TryMatch(HttpContext http, [NotNullWhen(true)] out LocalFunction? function, out RouteValueDictionary values)
    {
        foreach (var (candidate, template) in _routes)
        {
            values = [];
            if (candidate.Accepts(http.Request.Method) && template.TryMatch(http.Request.Path, http, values))
            {
                function = candidate;
                return true;
            }
        }

        (function, values) = (null, []);
        return false;
    }

    private void RefuseOverlaps()
    {
        for (var i = 0; i < _routes.Count; i++)
        {
            for (var j = i + 1; j < _routes.Count; j++)
            {
                var (a, b) = (_routes[i], _routes[j]);
                if (a.Function.SharesMethodWith(b.Function) && RouteOverlap.Exists(a.Template, b.Template))
                {
                    throw new LocalHostException(
                        $"The routes of the functions '{a.Function.Name}' ({a.Function.Route}) and '{b.Function.Name}' ({b.Function.Route}) overlap: "
                        + "the Functions host and the worker could answer the same request with different functions. Change one of them.");
                }
            }
        }
    }
}
