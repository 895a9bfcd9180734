using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Tests.Fuzz;

/// <summary>One method of one HTTP function, found by reflection: a new function is fuzzed without being named here.</summary>
internal sealed record FuzzRoute(string Function, string Verb, string Template, bool IsPublic)
{
    public static readonly IReadOnlyList<FuzzRoute> All =
    [
        .. from method in typeof(AccessRules).Assembly.GetTypes().SelectMany(type => type.GetMethods())
           let function = method.GetCustomAttribute<FunctionAttribute>()
           where function is not null
           let trigger = method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(found => found is not null)
           where trigger is not null
           from verb in trigger.Methods!
           orderby function.Name, verb
           select new FuzzRoute(function.Name, verb.ToUpperInvariant(), trigger.Route!, method.GetCustomAttribute<AllowAttribute>()?.IsPublic == true),
    ];

    public static readonly IReadOnlyList<FuzzRoute> WithBody = [.. All.Where(route => route.HasBody)];

    public bool HasBody => Verb is "POST" or "PUT" or "PATCH";

    /// <summary>Its address says whose.</summary>
    public bool NamesUser => Template.Contains("{userId}", StringComparison.Ordinal);

    public bool IsOfAdmin => Template.StartsWith("manage/", StringComparison.Ordinal);
}
