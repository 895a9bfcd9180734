using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Why a function was skipped.</summary>
internal sealed record FunctionError(string Function, string Message);

/// <summary>The functions that load, in alphabetical order of their names, and the ones that do not.</summary>
internal sealed record FoundFunctions(IReadOnlyList<LocalFunction> Functions, IReadOnlyList<FunctionError> Errors);

internal static partial class FunctionFinder
{
    private const BindingFlags AnyMethod =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly string[] s_reservedRoutes = ["admin", "runtime"];

    public static bool HasFunctions(Assembly assembly) => assembly.GetTypes().Any(type => Methods(type).Any());

    public static FoundFunctions Find(IEnumerable<Type> types)
    {
        var functions = new List<LocalFunction>();
        var errors = new List<FunctionError>();
        var methods = types.Distinct().SelectMany(Methods).Select(m => (Method: m, m.GetCustomAttribute<FunctionAttribute>()!.Name));
        foreach (var (method, name) in methods.OrderBy(f => f.Name, StringComparer.OrdinalIgnoreCase).ThenBy(f => f.Method.DeclaringType!.FullName, StringComparer.Ordinal))
        {
            var function = Read(name, method, out var error);
            error ??= Conflict(function!, functions);
            if (error is null)
            {
                functions.Add(function!);
            }
            else
            {
                errors.Add(new FunctionError(name, error));
            }
        }

        return new FoundFunctions(functions, errors);
    }

    private static IEnumerable<MethodInfo> Methods(Type type) =>
        type.IsClass ? type.GetMethods(AnyMethod).Where(m => m.IsDefined(typeof(FunctionAttribute), inherit: false)) : [];

    private static LocalFunction? Read(string name, MethodInfo method, out string? error)
    {
        var triggers = method.GetParameters()
            .Select(p => (Parameter: p, Trigger: p.GetCustomAttribute<TriggerBindingAttribute>()))
            .Where(p => p.Trigger is not null).ToArray();
        error = !NamePattern().IsMatch(name) || string.Equals(name, "host", StringComparison.OrdinalIgnoreCase)
                ? $"'{name}' is not a valid function name."
            : !method.IsPublic ? $"The method {method.Name} must be public."
            : method.DeclaringType!.ContainsGenericParameters || method.ContainsGenericParameters ? $"The method {method.Name} must not be generic."
            : triggers.Length != 1 ? $"The method {method.Name} must have exactly one trigger parameter, not {triggers.Length}."
            : !LocalFunction.IsTriggerType(triggers[0].Parameter, triggers[0].Trigger!)
                ? $"The trigger parameter '{triggers[0].Parameter.Name}' has a type that the local host does not bind."
            : null;
        if (error is not null)
        {
            return null;
        }

        var function = new LocalFunction(name, method, triggers[0].Parameter, triggers[0].Trigger!);
        error = function.Http is null ? null : RouteError(function);
        return function;
    }

    private static string? RouteError(LocalFunction function)
    {
        // The real host compares the bare beginning: 'admin-prices' is taken too.
        if (Array.Exists(s_reservedRoutes, reserved => function.Route.StartsWith(reserved, StringComparison.OrdinalIgnoreCase)))
        {
            return "The specified route conflicts with one or more built in routes.";
        }

        return RouteTemplate.Problem(function.Route);
    }

    private static string? Conflict(LocalFunction function, List<LocalFunction> loaded)
    {
        if (loaded.Find(f => string.Equals(f.Name, function.Name, StringComparison.OrdinalIgnoreCase)) is { } namesake)
        {
            return $"There is already a function named '{namesake.Name}'.";
        }

        var taken = function.Http is null ? null : loaded.Find(f =>
            f.Http is not null && string.Equals(f.Route, function.Route, StringComparison.OrdinalIgnoreCase) && f.SharesMethodWith(function));
        return taken is null ? null : $"The route specified conflicts with the route defined by function '{taken.Name}'.";
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_\-]{0,127}$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex NamePattern();
}
