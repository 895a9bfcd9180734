using Microsoft.AspNetCore.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>
/// Refusals as OpenAI's clients read them, <c>{"error":{"message","type","param","code"}}</c>, with our stable code as <c>code</c>
/// (platform.openai.com/docs/guides/error-codes). What else is known stands beside them.
/// </summary>
internal static class OpenAIShape
{
    private const string Functions = "v1-";

    private sealed record Chosen;

    /// <summary>Functions that speak OpenAI's API refuse in its form, wherever the refusal comes from.</summary>
    public static void Choose(HttpContext http, string function)
    {
        if (function.StartsWith(Functions, StringComparison.OrdinalIgnoreCase))
        {
            http.Features.Set(new Chosen());
        }
    }

    public static bool IsAsked(HttpContext http) => http.Features.Get<Chosen>() is not null;

    public static object Of(Refusal refusal, int status)
    {
        var error = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in refusal.Facts)
        {
            error[name] = value;
        }

        error["message"] = refusal.Detail;
        error["type"] = TypeOf(status);
        error["param"] = refusal.Facts.GetValueOrDefault("param");
        error["code"] = refusal.Code;
        return new { Error = error };
    }

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
