using System.Linq.Expressions;
using System.Reflection;

namespace Azure.Data.Tables.Filters;

/// <summary>The parts of a predicate that do not depend on the entity: constants, captured variables, calls on those.</summary>
internal static class LocalValue
{
    internal static bool DependsOnEntity(Expression expression)
    {
        var search = new ParameterSearch();
        search.Visit(expression);
        return search.Found;
    }

    internal static object Of(Expression expression) => expression switch
    {
        ConstantExpression constant => constant.Value,

        // A captured variable is a field of a closure: reading it needs no compilation.
        MemberExpression { Member: FieldInfo field } access => field.GetValue(access.Expression is null ? null : Of(access.Expression)),
        MemberExpression { Member: PropertyInfo property } access when access.Expression is null || !access.Expression.Type.IsValueType =>
            property.GetValue(access.Expression is null ? null : Of(access.Expression)),
        _ => Expression.Lambda<Func<object>>(Expression.Convert(expression, typeof(object))).Compile(preferInterpretation: true)(),
    };

    private sealed class ParameterSearch : ExpressionVisitor
    {
        internal bool Found { get; private set; }

        protected override Expression VisitParameter(ParameterExpression node)
        {
            Found = true;
            return node;
        }
    }
}
