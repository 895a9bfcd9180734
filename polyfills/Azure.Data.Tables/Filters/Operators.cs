using System.Linq.Expressions;

namespace Azure.Data.Tables.Filters;

internal static class Operators
{
    internal static string TextOf(ExpressionType type) => type switch
    {
        ExpressionType.Equal => "eq",
        ExpressionType.NotEqual => "ne",
        ExpressionType.LessThan => "lt",
        ExpressionType.LessThanOrEqual => "le",
        ExpressionType.GreaterThan => "gt",
        ExpressionType.GreaterThanOrEqual => "ge",
        _ => throw new NotSupportedException($"The expression type {type} is not supported."),
    };

    internal static string Mirrored(string operation) => operation switch
    {
        "lt" => "gt",
        "le" => "ge",
        "gt" => "lt",
        "ge" => "le",
        _ => operation,
    };
}
