using System.ComponentModel;
using System.Globalization;
using System.Reflection;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Fills a function's parameters: the trigger, what every function may ask for, and route values by name.</summary>
internal static class ParameterBinder
{
    public static object?[] Bind(LocalFunction function, object trigger, FunctionContext context) =>
        [.. function.Method.GetParameters().Select(parameter => Bind(parameter, function, trigger, context))];

    private static object? Bind(ParameterInfo parameter, LocalFunction function, object trigger, FunctionContext context)
    {
        if (string.Equals(parameter.Name, function.TriggerParameter, StringComparison.Ordinal))
        {
            return trigger;
        }

        if (parameter.ParameterType == typeof(FunctionContext))
        {
            return context;
        }

        if (parameter.ParameterType == typeof(CancellationToken))
        {
            return context.CancellationToken;
        }

        return context.BindingContext.BindingData.TryGetValue(parameter.Name!, out var value) && value is not null
            ? Convert(value, parameter, function)
            : Missing(parameter, function);
    }

    private static object? Missing(ParameterInfo parameter, LocalFunction function)
    {
        if (parameter.HasDefaultValue)
        {
            return parameter.DefaultValue;
        }

        return !parameter.ParameterType.IsValueType || Nullable.GetUnderlyingType(parameter.ParameterType) is not null
            ? null
            : throw new FunctionInputConverterException($"Function '{function.Name}' has no value for its parameter '{parameter.Name}'.");
    }

    private static object? Convert(object value, ParameterInfo parameter, LocalFunction function)
    {
        var target = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (target.IsInstanceOfType(value))
        {
            return value;
        }

        try
        {
            return TypeDescriptor.GetConverter(target).ConvertFromString(context: null, CultureInfo.InvariantCulture, value.ToString()!);
        }
        catch (Exception failed) when (failed is ArgumentException or FormatException or NotSupportedException)
        {
            // TypeDescriptor's converters report a bad text in any of these three ways.
            throw new FunctionInputConverterException(
                $"Function '{function.Name}' cannot read '{value}' as {target.Name} for its parameter '{parameter.Name}'.", failed);
        }
    }
}
