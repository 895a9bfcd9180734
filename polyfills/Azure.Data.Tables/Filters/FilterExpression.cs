using System.Globalization;
using System.Linq.Expressions;
using Azure.Data.Tables.Entities;
using Azure.Data.Tables.Models;

namespace Azure.Data.Tables.Filters;

/// <summary>Translates a C# predicate over an entity into the service's filter language.</summary>
internal static class FilterExpression
{
    /// <summary>The filter, or null when the predicate is always true.</summary>
    internal static string Translate(LambdaExpression predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        string filter = Predicate(predicate.Body);
        return filter == "true" ? null : filter;
    }

    internal static string Translate(FormattableString filter)
    {
        if (filter is null)
        {
            return null;
        }

        object[] literals = [.. filter.GetArguments().Select(ODataLiteral.OfArgument)];
        return string.Format(CultureInfo.InvariantCulture, filter.Format, literals);
    }

    private static string Predicate(Expression expression) => expression switch
    {
        _ when !LocalValue.DependsOnEntity(expression) => ODataLiteral.OfConstant(LocalValue.Of(expression)),
        BinaryExpression { NodeType: ExpressionType.AndAlso or ExpressionType.And } both =>
            $"{Conjunct(both.Left)} and {Conjunct(both.Right)}",
        BinaryExpression { NodeType: ExpressionType.OrElse or ExpressionType.Or } either =>
            $"{Predicate(either.Left)} or {Predicate(either.Right)}",
        BinaryExpression comparison => Comparison(comparison),
        UnaryExpression { NodeType: ExpressionType.Not } negation => $"not ({Predicate(negation.Operand)})",
        MethodCallExpression { Method.Name: nameof(Equals) } call => Equality(call),
        _ => $"{Column(expression)} eq true",
    };

    private static string Conjunct(Expression expression) =>
        LocalValue.DependsOnEntity(expression) && expression.NodeType is ExpressionType.OrElse or ExpressionType.Or
            ? $"({Predicate(expression)})"
            : Predicate(expression);

    private static string Comparison(BinaryExpression comparison)
    {
        string operation = Operators.TextOf(comparison.NodeType);
        (Expression left, Expression right) = (comparison.Left, comparison.Right);
        if (left is MethodCallExpression { Method.Name: nameof(string.Compare) or nameof(string.CompareTo) } call)
        {
            // a.CompareTo(b) > 0 means a > b
            if (LocalValue.DependsOnEntity(right) || !Equals(LocalValue.Of(right), 0))
            {
                throw new NotSupportedException($"The result of {call.Method.Name} can only be compared with 0.");
            }

            (left, right) = Operands(call);
        }

        // The service wants the column on the left.
        return LocalValue.DependsOnEntity(left)
            ? $"{Column(left)} {operation} {Literal(right)}"
            : $"{Column(right)} {Operators.Mirrored(operation)} {Literal(left)}";
    }

    private static string Equality(MethodCallExpression call)
    {
        (Expression left, Expression right) = Operands(call);
        return LocalValue.DependsOnEntity(left) ? $"{Column(left)} eq {Literal(right)}" : $"{Column(right)} eq {Literal(left)}";
    }

    /// <summary>What a comparing method compares. Overloads with a comparison rule have no counterpart in the service.</summary>
    private static (Expression Left, Expression Right) Operands(MethodCallExpression call) => (call.Object, call.Arguments) switch
    {
        (null, [var left, var right]) => (left, right),
        ({ } left, [var right]) => (left, right),
        _ => throw new NotSupportedException($"{call.Method.Name} method with more than two arguments is not supported."),
    };

    /// <summary>
    /// Of an enum the compiler leaves only the number, and so does the published package, although it stores the name: such a filter finds
    /// nothing. What works is <c>row.Kind.Equals(Kind.Open.ToString())</c>.
    /// </summary>
    private static string Literal(Expression value) => LocalValue.DependsOnEntity(value)
        ? throw new NotSupportedException($"{value} compares two columns, which the service cannot.")
        : ODataLiteral.OfConstant(LocalValue.Of(value));

    private static string Column(Expression expression) => Unwrap(expression) switch
    {
        MemberExpression { Member.Name: "Value", Expression: { } inner } member when Nullable.GetUnderlyingType(inner.Type) is not null
            && member.Member.DeclaringType == inner.Type => Column(inner),
        MemberExpression { Expression: ParameterExpression entity } member =>
            entity.Type == typeof(TableItem) && member.Member.Name == nameof(TableItem.Name) ? "TableName" : EntityShape.ColumnOf(member.Member),
        MemberExpression { Expression: UnaryExpression { Operand: ParameterExpression } } member => EntityShape.ColumnOf(member.Member),
        MethodCallExpression { Arguments: [var name], Object: { } owner } call
            when typeof(IDictionary<string, object>).IsAssignableFrom(owner.Type) && call.Method.Name.StartsWith("Get", StringComparison.OrdinalIgnoreCase) =>
                (string)LocalValue.Of(name),
        var other => throw new NotSupportedException($"The expression {other} is not supported."),
    };

    private static Expression Unwrap(Expression expression)
    {
        while (expression is UnaryExpression { NodeType: ExpressionType.Convert or ExpressionType.ConvertChecked } conversion)
        {
            expression = conversion.Operand;
        }

        return expression;
    }
}
