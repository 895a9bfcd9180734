using System.Globalization;
using System.Reflection;

namespace ServerlessAi.Tests.Polyfills.PublishedApi;

/// <summary>Prints what a caller or a derived class can see of some types, one member per line, in the format of the lists beside this file.</summary>
internal static class ApiDump
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    internal static SortedSet<string> Of(IEnumerable<Type> types) => new(types.SelectMany(Lines), StringComparer.Ordinal);

    private static IEnumerable<string> Lines(Type type)
    {
        string name = Name(type);
        IEnumerable<string> head =
        [
            $"{Kind(type)} {name} : {(type.BaseType is null ? "" : Name(type.BaseType))}{Attributes(type)}",
            .. type.GetInterfaces().Select(contract => $"{name} implements {Name(contract)}"),
        ];
        return head.Concat(type.IsEnum ? Values(type, name) : Members(type, name));
    }

    private static IEnumerable<string> Values(Type type, string name) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"{name}.{field.Name} = {Text(field.GetRawConstantValue())}");

    private static IEnumerable<string> Members(Type type, string name) =>
    [
        .. type.GetConstructors(Declared).Where(IsVisible).Select(constructor =>
            $"{name}..ctor({Parameters(constructor)}){(constructor.IsFamily ? " protected" : "")}"),
        .. type.GetMethods(Declared).Where(IsVisible).Select(method =>
            $"{name}.{method.Name}{TypeParameters(method)}({Parameters(method)}) -> {Name(method.ReturnType)}{Modifiers(method)}"),
        .. type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily).Select(field =>
            $"{name}.{field.Name} : {Name(field.FieldType)}{(field.IsLiteral ? $" const {Text(field.GetRawConstantValue())}" : "")}"),
    ];

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Kind(Type type) => type switch
    {
        { IsInterface: true } => "interface",
        { IsEnum: true } => "enum",
        { IsValueType: true } => "struct",
        _ when typeof(Delegate).IsAssignableFrom(type) => "delegate",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string Modifiers(MethodInfo method) =>
        (method.IsStatic ? " static" : "")
        + (method.IsAbstract ? " abstract" : method is { IsVirtual: true, IsFinal: false } ? " virtual" : "")
        + (method.IsFamily ? " protected" : "");

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsDefined(typeof(ParamArrayAttribute), inherit: false) ? "params " : "")
        + $"{Name(parameter.ParameterType)} {parameter.Name}"
        + (parameter.HasDefaultValue ? "=" + (parameter.RawDefaultValue is null ? "null" : Text(parameter.RawDefaultValue)) : "")));

    private static string TypeParameters(MethodInfo method) => !method.IsGenericMethod ? "" : "<" + string.Join(",", method.GetGenericArguments().Select(
        argument => $"{argument.Name}:{string.Join("&", argument.GetGenericParameterConstraints().Select(Name))}{argument.GenericParameterAttributes}")) + ">";

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return "ref " + Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (type.IsGenericParameter)
        {
            return type.Name;
        }

        string scope = type.DeclaringType is { } outer ? Name(outer) : type.Namespace ?? "";
        string arguments = type.IsGenericType ? $"<{string.Join(",", type.GetGenericArguments().Select(Name))}>" : "";
        return $"{scope}.{type.Name.Split('`')[0]}{arguments}";
    }

    private static string Attributes(Type type) => string.Concat(type.GetCustomAttributesData()
        .Where(attribute => attribute.AttributeType.Name is "AttributeUsageAttribute" or "ObsoleteAttribute" or "FlagsAttribute")
        .Select(attribute =>
        {
            string named = string.Join(",", attribute.NamedArguments.Select(argument => $"{argument.MemberName}={Text(argument.TypedValue.Value)}"));
            string positional = string.Join(",", attribute.ConstructorArguments.Select(argument => Text(argument.Value)));
            return $" [{attribute.AttributeType.Name}({positional}{(named.Length > 0 ? ";" + named : "")})]";
        }));

    private static string Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
