using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.Serialization;

namespace Azure.Data.Tables.Entities;

/// <summary>One public property or field of an entity class, under the name it has in the table.</summary>
internal sealed record EntityMember(string Name, Type Type, Func<object, object> Get, Action<object, object> Set);

/// <summary>The columns of an entity class, found by reflection once per type. The four system properties go through <see cref="ITableEntity"/>.</summary>
internal sealed class EntityShape
{
    private static readonly ConcurrentDictionary<Type, EntityShape> Shapes = new();

    private readonly Dictionary<string, EntityMember> _byName;

    private EntityShape(Type type)
    {
        Members = [.. type.GetMembers(BindingFlags.Public | BindingFlags.Instance).Where(IsColumn).Select(Bind)];
        _byName = new Dictionary<string, EntityMember>(StringComparer.Ordinal);
        foreach (EntityMember member in Members)
        {
            _byName[member.Name] = member;
        }
    }

    internal IReadOnlyList<EntityMember> Members { get; }

    internal static EntityShape Of(Type type) => Shapes.GetOrAdd(type, static key => new EntityShape(key));

    /// <summary>The column that a member is stored in: its own name unless <see cref="DataMemberAttribute"/> gives another.</summary>
    internal static string ColumnOf(MemberInfo member) => member.GetCustomAttribute<DataMemberAttribute>()?.Name ?? member.Name;

    internal bool TryGet(string name, out EntityMember member) => _byName.TryGetValue(name, out member);

    private static bool IsColumn(MemberInfo member) =>
        member is PropertyInfo { CanRead: true } or FieldInfo
        && !(member is PropertyInfo property && property.GetIndexParameters().Length > 0)
        && !member.IsDefined(typeof(IgnoreDataMemberAttribute))
        && member.Name is not (PropertyNames.PartitionKey or PropertyNames.RowKey or PropertyNames.Timestamp or PropertyNames.ETag);

    private static EntityMember Bind(MemberInfo member)
    {
        ParameterExpression target = Expression.Parameter(typeof(object));
        MemberExpression access = Expression.MakeMemberAccess(Expression.Convert(target, member.DeclaringType), member);
        var get = Expression.Lambda<Func<object, object>>(Expression.Convert(access, typeof(object)), target).Compile();
        bool writable = member is PropertyInfo { CanWrite: true } or FieldInfo { IsInitOnly: false };
        return new EntityMember(ColumnOf(member), access.Type, get, writable ? BindSetter(target, access) : null);
    }

    private static Action<object, object> BindSetter(ParameterExpression target, MemberExpression access)
    {
        ParameterExpression value = Expression.Parameter(typeof(object));
        return Expression.Lambda<Action<object, object>>(Expression.Assign(access, Expression.Convert(value, access.Type)), target, value).Compile();
    }
}
