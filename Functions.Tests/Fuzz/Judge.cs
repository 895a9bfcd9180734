using System.Reflection;
using System.Text.Json;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Fuzz;

/// <summary>What must be true of every single answer, whatever was asked.</summary>
internal sealed class Judge(IReadOnlyList<string> secrets)
{
    /// <summary>What the server or the host answers before the app is asked; there is no request id then, and nothing to read.</summary>
    private static readonly int[] BeforeTheApp = [400, 404, 405, 411, 413, 414, 431];

    private static readonly string[] Internals = ["   at ", "System.", "Microsoft.", "Azure.", "ServerlessAi.", "Exception", ".cs:", "stackTrace", "Newtonsoft"];

    private static readonly string[] Codes =
        [.. typeof(RefusalCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

    /// <summary>What is wrong with the answer; null when nothing is.</summary>
    public string? Problem(FuzzRequest request, FuzzReply reply)
    {
        if (reply.Status == 0)
        {
            return null;
        }

        var all = reply.Body + string.Join('\n', reply.Headers.Select(header => header.Key + ": " + header.Value));
        if (secrets.FirstOrDefault(secret => all.Contains(secret, StringComparison.OrdinalIgnoreCase)) is not null)
        {
            return "The answer holds a secret.";
        }

        if (reply.Headers.ContainsKey("x-injected"))
        {
            return "The request put a header on the answer.";
        }

        return reply.Status switch
        {
            >= 500 => "The app failed.",
            >= 400 => ProblemOfRefusal(request, reply),
            >= 200 and < 300 => ProblemOfSuccess(request, reply),
            _ => "No route answers so.",
        };
    }

    // Price lists, and what Stripe signs.
    private static bool IsOpen(string? resource, string? next) => (resource?.ToLowerInvariant(), next?.ToLowerInvariant()) is ("health" or "pay", _) or ("payments", "stripe") or ("credits", "packages") or ("subscription", "plans" or "pricing");

    private static string? ProblemOfRefusal(FuzzRequest request, FuzzReply reply)
    {
        if (!reply.Headers.TryGetValue("x-request-id", out var requestId))
        {
            return BeforeTheApp.Contains(reply.Status) && reply.Body.Length == 0 ? null : "A refusal without a request id that the app did not make.";
        }

        if (IsOpenAI(request))
        {
            return ProblemOfOpenAIError(reply);
        }

        if (!string.Equals(reply.Headers.GetValueOrDefault("Content-Type"), "application/problem+json", StringComparison.Ordinal))
        {
            return "A refusal that is not a problem document.";
        }

        using var document = JsonDocument.Parse(reply.Body);
        var problem = document.RootElement;
        var isComplete = Codes.Contains(problem.GetProperty("code").GetString(), StringComparer.Ordinal)
            && problem.GetProperty("status").GetInt32() == reply.Status
            && string.Equals(problem.GetProperty("requestId").GetString(), requestId, StringComparison.Ordinal)
            && problem.GetProperty("detail").GetString() is { Length: > 0 };
        return !isComplete ? "A problem document without its members."
            : Array.Exists(Internals, word => reply.Body.Contains(word, StringComparison.Ordinal)) ? "The refusal speaks of the inside."
            : null;
    }

    private static bool IsOpenAI(FuzzRequest request) => request.Route.Template.StartsWith("v1/", StringComparison.Ordinal);

    private static string? ProblemOfOpenAIError(FuzzReply reply)
    {
        using var document = JsonDocument.Parse(reply.Body);
        return document.RootElement.TryGetProperty("error", out var error)
            && Codes.Contains(error.GetProperty("code").GetString(), StringComparer.Ordinal)
            && error.GetProperty("message").GetString() is { Length: > 0 }
            && error.GetProperty("type").GetString() is { Length: > 0 }
            ? Array.Exists(Internals, word => reply.Body.Contains(word, StringComparison.Ordinal)) ? "The refusal speaks of the inside." : null
            : "A refusal that is not in OpenAI's form.";
    }

    private static string? ProblemOfSuccess(FuzzRequest request, FuzzReply reply)
    {
        var resource = request.Segments.ElementAtOrDefault(1);
        if (request.Caller.IsAdmin || IsOpen(resource, request.Segments.ElementAtOrDefault(2)))
        {
            return null;
        }

        if (request.Caller.User is not { } user)
        {
            return "Somebody without a genuine key got in.";
        }

        if (string.Equals(resource, "manage", StringComparison.OrdinalIgnoreCase))
        {
            return "A user got in where only an admin may.";
        }

        if (reply.Headers.GetValueOrDefault("Content-Type")?.StartsWith("text/event-stream", StringComparison.Ordinal) == true)
        {
            return reply.Body.EndsWith("}\n\n", StringComparison.Ordinal) || reply.Body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal) ? null : "A stream without its end.";
        }

        using var document = JsonDocument.Parse(reply.Body);
        return document.RootElement.TryGetProperty("userId", out var shown) && !string.Equals(shown.GetString(), user, StringComparison.Ordinal)
            ? "A user was shown somebody else's account."
            : null;
    }
}
