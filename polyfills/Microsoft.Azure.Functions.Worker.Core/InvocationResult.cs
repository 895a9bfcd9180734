namespace Microsoft.Azure.Functions.Worker;

public abstract class InvocationResult<T>
{
    public abstract T? Value { get; set; }
}

public abstract class InvocationResult : InvocationResult<object>;

/// <summary>Holds what the function returned, so that middleware can read and replace it.</summary>
internal interface IInvocationResultFeature
{
    object? Value { get; set; }
}

internal sealed class InvocationResultOf(IInvocationResultFeature feature) : InvocationResult
{
    public override object? Value { get => feature.Value; set => feature.Value = value; }
}

internal sealed class InvocationResultOf<T>(IInvocationResultFeature feature) : InvocationResult<T>
{
    public override T? Value { get => (T?)feature.Value; set => feature.Value = value; }
}

public static class FunctionContextBindingFeatureExtensions
{
    public static InvocationResult GetInvocationResult(this FunctionContext context) => new InvocationResultOf(Feature(context));

    public static InvocationResult<T> GetInvocationResult<T>(this FunctionContext context)
    {
        var feature = Feature(context);
        if (feature.Value is not null and not T)
        {
            throw new InvalidOperationException($"The invocation result is a {feature.Value.GetType()}, not a {typeof(T)}.");
        }

        return new InvocationResultOf<T>(feature);
    }

    private static IInvocationResultFeature Feature(FunctionContext context) =>
        context.Features.Get<IInvocationResultFeature>() ?? throw new InvalidOperationException("This context has no invocation result.");
}
