using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;

namespace ServerlessAi.Functions.Http;

/// <summary>Who may call a function. A function without one is closed to everybody.</summary>
/// <param name="role">The least; <see cref="Role.Guest"/> where guests are welcome, too.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AllowAttribute(Role role) : Attribute
{
    public Role Role => role;

    /// <summary>What a key must have been issued for; several are alternatives. What does not say that it only looks is taken for more.</summary>
    public Scopes Scope { get; init; } = Scopes.Generate;

    /// <summary>It disposes of the account itself: of a shared one only its owner may.</summary>
    public bool IsOfOwner { get; init; }

    /// <summary>No credentials are asked for.</summary>
    public bool IsPublic { get; init; }

    /// <summary>Bytes a request's body may have; the host's own limits are higher.</summary>
    public int BodyLimitBytes { get; init; } = RequestBody.UsualLimitBytes;
}

/// <summary>Reads each function's rule once.</summary>
public sealed class AccessRules
{
    private readonly ConcurrentDictionary<string, AllowAttribute?> rules = new(StringComparer.Ordinal);

    public AllowAttribute? Of(FunctionDefinition function) => rules.GetOrAdd(function.EntryPoint, Find);

    private static AllowAttribute? Find(string entryPoint)
    {
        var dot = entryPoint.LastIndexOf('.');
        return typeof(AccessRules).Assembly.GetType(entryPoint[..dot])?.GetMethod(entryPoint[(dot + 1)..])?.GetCustomAttribute<AllowAttribute>();
    }
}

public static class CallerFeature
{
    /// <summary>Who sent this request; there for every function that is not public.</summary>
    public static Caller Caller(this HttpRequest http) =>
        http.HttpContext.Features.Get<Caller>() ?? throw new InvalidOperationException("A public function asked for its caller.");
}
