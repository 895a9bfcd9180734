using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

internal sealed class LocalFunctionDefinition(string name, MethodInfo method, LocalBindingMetadata trigger) : FunctionDefinition
{
    public override string Name { get; } = name;

    public override string EntryPoint { get; } = $"{method.DeclaringType!.FullName}.{method.Name}";

    public override string PathToAssembly { get; } = method.DeclaringType!.Assembly.Location;

    /// <summary>The same across restarts, as the worker's hash of the entry point is.</summary>
    public override string Id { get; } =
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}|{method.DeclaringType!.FullName}.{method.Name}")))[..16];

    public override ImmutableArray<FunctionParameter> Parameters { get; } =
        [.. method.GetParameters().Select(p => new FunctionParameter(
            p.Name!, p.ParameterType, p.HasDefaultValue, p.HasDefaultValue ? p.DefaultValue : null, ImmutableDictionary<string, object>.Empty))];

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; } =
        ImmutableDictionary<string, BindingMetadata>.Empty.Add(trigger.Name, trigger);

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; } = ImmutableDictionary<string, BindingMetadata>.Empty;
}

internal sealed class LocalBindingMetadata(string name, string type) : BindingMetadata
{
    public override string Name { get; } = name;

    public override string Type { get; } = type;

    public override BindingDirection Direction => BindingDirection.In;
}
