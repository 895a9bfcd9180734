using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Access;
using ServerlessAi.Caching;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>Reads the bodies of <c>v1/*</c>: any members, in OpenAI's own depth, because most of them are for the vendor.</summary>
internal static class V1Bodies
{
    public static JsonObject? Parse(ReadOnlyMemory<byte> body) => ChatJson.Parse(body.Span);

    public static Func<JsonObject, Caller, Answer<ChatRequest>> ToChat(HttpRequest http) =>
        (body, caller) => CacheOf(http).Then<ChatRequest>(cache => new ChatRequest(caller, body, UsageLabels.Of(body), cache));

    public static bool IsStream(JsonObject body) => IsTrue(body["stream"]);

    public static bool WantsUsage(JsonObject body) => body["stream_options"] is JsonObject options && IsTrue(options["include_usage"]);

    /// <summary>
    /// How the cache is used, from headers: OpenAI's JSON has no place for it. <c>x-use-cache: false</c> and <c>x-cache-ttl: SECONDS</c> as
    /// <c>useCache</c> and <c>cacheTTL</c> elsewhere; <c>Cache-Control: no-cache</c> or <c>no-store</c> is understood too.
    /// </summary>
    public static Answer<CacheUse> CacheOf(HttpRequest http)
    {
        var control = http.Headers.CacheControl.ToString();
        var isOff = control.Contains("no-cache", StringComparison.OrdinalIgnoreCase) || control.Contains("no-store", StringComparison.OrdinalIgnoreCase);
        var (use, ttl) = (http.Headers["x-use-cache"].ToString(), http.Headers["x-cache-ttl"].ToString());
        if (use.Length > 0 && !bool.TryParse(use, out _))
        {
            return Refusal.Invalid("'x-use-cache' must be 'true' or 'false'.");
        }

        var seconds = -1L;
        return ttl.Length > 0 && !long.TryParse(ttl, NumberStyles.None, CultureInfo.InvariantCulture, out seconds)
            ? Refusal.Invalid("'x-cache-ttl' is in seconds.")
            : CacheInput.Read(!isOff && !string.Equals(use, "false", StringComparison.OrdinalIgnoreCase), ttl.Length > 0 ? seconds : null);
    }

    private static bool IsTrue(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var flag) && flag;
}
