using System.Collections;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

internal sealed class LocalFunctionContext(
    LocalFunction function,
    IServiceProvider services,
    IReadOnlyDictionary<string, object?> bindingData,
    CancellationToken cancellationToken) : FunctionContext
{
    public override string InvocationId { get; } = Guid.NewGuid().ToString();

    public override string FunctionId => FunctionDefinition.Id;

    public override FunctionDefinition FunctionDefinition { get; } = function.Definition;

    public override TraceContext TraceContext { get; } = new LocalTraceContext();

    public override BindingContext BindingContext { get; } = new LocalBindingContext(bindingData);

    public override RetryContext RetryContext { get; } = new NoRetries();

    public override IServiceProvider InstanceServices { get; set; } = services;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override IInvocationFeatures Features { get; } = new InvocationFeatures();

    public override CancellationToken CancellationToken { get; } = cancellationToken;

    private sealed class LocalBindingContext(IReadOnlyDictionary<string, object?> data) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData { get; } = data;
    }

    private sealed class NoRetries : RetryContext
    {
        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }

    /// <summary>The caller's trace when there is one; a fresh one otherwise, so that it can always be parsed.</summary>
    private sealed class LocalTraceContext : TraceContext
    {
        public override string TraceParent { get; } = Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id }
            ? id
            : $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";

        public override string TraceState { get; } = Activity.Current?.TraceStateString ?? "";
    }
}

internal sealed class InvocationFeatures : IInvocationFeatures
{
    private readonly Dictionary<Type, object> _features = [];

    public T? Get<T>() => _features.TryGetValue(typeof(T), out var feature) ? (T)feature : default;

    public void Set<T>(T instance) => _features[typeof(T)] = instance!;

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Hands the ASP.NET Core integration its request.</summary>
internal interface IHttpRequestFeature
{
    HttpContext HttpContext { get; }
}

internal sealed record HttpRequestFeature(HttpContext HttpContext) : IHttpRequestFeature;

internal sealed class InvocationResultFeature : IInvocationResultFeature
{
    public object? Value { get; set; }
}
