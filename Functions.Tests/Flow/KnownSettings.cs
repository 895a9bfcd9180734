using System.Collections;
using System.Globalization;
using System.Reflection;
using ServerlessAi.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>Every setting of the app as its options classes have it: the name as an environment variable, and the default.</summary>
internal static class KnownSettings
{
    public static IReadOnlyDictionary<string, string?> Defaults { get; } = typeof(CoreServices).Assembly.GetTypes()
        .Where(type => type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is not null)
        .SelectMany(type => Walk((string)type.GetField("Section")!.GetRawConstantValue()!, type, Activator.CreateInstance(type)!))
        .ToDictionary(setting => setting.Name, setting => setting.Default, StringComparer.Ordinal);

    private static IEnumerable<(string Name, string? Default)> Walk(string name, Type type, object? value)
    {
        if (value is IDictionary items)
        {
            // Of plans the default one stands for all: the others are data, and take the same names.
            return items.Keys.Cast<string>().Where(key => items is not IDictionary<string, PlanLimits> || key == PlanOptions.DefaultPlan).SelectMany(key => Walk($"{name}__{key}", items[key]!.GetType(), items[key]));
        }

        if (value is IList list)
        {
            return Enumerable.Range(0, list.Count).Select(i => ($"{name}__{i}", list[i]?.ToString()));
        }

        if (type.IsPrimitive || type == typeof(string) || type == typeof(decimal) || Nullable.GetUnderlyingType(type) is not null)
        {
            return [(name, value is bool flag ? (flag ? "true" : "false") : value is null ? null : Convert.ToString(value, CultureInfo.InvariantCulture))];
        }

        return type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.SetMethod is { IsPublic: true })
            .SelectMany(property => Walk($"{name}__{property.Name}", property.PropertyType, property.GetValue(value)));
    }
}
