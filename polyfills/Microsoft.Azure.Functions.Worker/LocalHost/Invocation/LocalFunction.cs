using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>A function the host found: one method with one trigger.</summary>
internal sealed class LocalFunction
{
    public LocalFunction(string name, MethodInfo method, ParameterInfo triggerParameter, TriggerBindingAttribute trigger)
    {
        Name = name;
        Method = method;
        TriggerParameter = triggerParameter.Name!;
        Http = trigger as HttpTriggerAttribute;
        Timer = trigger as TimerTriggerAttribute;
        Definition = new LocalFunctionDefinition(name, method, new LocalBindingMetadata(TriggerParameter, TriggerType));
    }

    public string Name { get; }

    public MethodInfo Method { get; }

    public string TriggerParameter { get; }

    public HttpTriggerAttribute? Http { get; }

    public TimerTriggerAttribute? Timer { get; }

    public FunctionDefinition Definition { get; }

    public string TriggerType => Http is null ? "timerTrigger" : "httpTrigger";

    /// <summary>The template under the prefix. A function without a route is served under its name.</summary>
    public string Route => string.IsNullOrWhiteSpace(Http?.Route) ? Name : Http.Route.Trim('/');

    /// <summary>Upper case; empty is every method.</summary>
    public IReadOnlyList<string> Methods => field ??= [.. (Http?.Methods ?? []).Select(m => m.ToUpperInvariant())];

    public bool Accepts(string method) => Methods.Count == 0 || Methods.Contains(method, StringComparer.OrdinalIgnoreCase);

    public bool SharesMethodWith(LocalFunction other) =>
        Methods.Count == 0 || other.Methods.Count == 0 || Methods.Intersect(other.Methods, StringComparer.Ordinal).Any();

    public static bool IsTriggerType(ParameterInfo parameter, TriggerBindingAttribute trigger) => trigger switch
    {
        HttpTriggerAttribute => parameter.ParameterType == typeof(HttpRequest),
        TimerTriggerAttribute => parameter.ParameterType == typeof(TimerInfo),
        _ => false,
    };
}
