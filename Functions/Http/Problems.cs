using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Refusals as problem documents (RFC 9457). The one place that knows HTTP status codes.</summary>
public static class Problems
{
    private const string ContentType = "application/problem+json";

    public static IActionResult From(Refusal refusal, HttpContext http)
    {
        var status = StatusOf(refusal.Code);
        AddHeaders(refusal, status, http);
        var contentType = OpenAIShape.IsAsked(http) ? null : ContentType;
        return new JsonResult(BodyOf(refusal, http), Wire.Json) { StatusCode = status, ContentType = contentType };
    }

    /// <summary>The document alone, for answers that have begun when something goes wrong.</summary>
    public static object BodyOf(Refusal refusal, HttpContext http)
    {
        var status = StatusOf(refusal.Code);
        if (OpenAIShape.IsAsked(http))
        {
            return OpenAIShape.Of(refusal, status);
        }

        var body = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["type"] = $"urn:serverlessai:problem:{refusal.Code}",
            ["title"] = TitleOf(status),
            ["status"] = status,
            ["detail"] = refusal.Detail,
            ["code"] = refusal.Code,
            ["requestId"] = RequestId.Of(http),
        };
        foreach (var (name, value) in refusal.Facts)
        {
            body[name] = value;
        }

        if (refusal.RetryAfter is { } wait)
        {
            body["retryAfterMs"] = (long)Math.Ceiling(wait.TotalMilliseconds);
        }

        return body;
    }

    private static void AddHeaders(Refusal refusal, int status, HttpContext http)
    {
        if (refusal.RetryAfter is { } wait)
        {
            // Whole seconds, rounded up: RFC 9110 has no smaller unit. The body says it to the millisecond.
            http.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }
    }

    internal static int StatusOf(string code) => code switch
    {
        RefusalCodes.InvalidRequest => 400,
        RefusalCodes.Unauthenticated => 401,
        RefusalCodes.InsufficientCredits => 402,
        RefusalCodes.ModelNotAllowed or RefusalCodes.Forbidden => 403,
        RefusalCodes.NotFound or RefusalCodes.ModelNotFound => 404,
        RefusalCodes.Conflict or RefusalCodes.IdempotencyInFlight or RefusalCodes.PaymentsUnavailable => 409,
        RefusalCodes.AccountClosed => 410,
        RefusalCodes.PreconditionFailed => 412,
        RefusalCodes.PayloadTooLarge => 413,
        RefusalCodes.UnsupportedMediaType => 415,
        RefusalCodes.ContentRefused or RefusalCodes.IdempotencyMismatch => 422,
        RefusalCodes.RateLimited or RefusalCodes.ConcurrencyLimit or RefusalCodes.DailyTokenLimit or RefusalCodes.UsageLimitExceeded or RefusalCodes.TooManyTries => 429,
        RefusalCodes.ProviderFailed or RefusalCodes.PaymentFailed => 502,
        RefusalCodes.ProviderBusy or RefusalCodes.AccountBusy or RefusalCodes.StorageUnavailable or RefusalCodes.NotReached => 503,
        RefusalCodes.NotFinished => 504,
        _ => 500,
    };

    private static string TitleOf(int status) => status switch
    {
        400 => "Bad request",
        401 => "Unauthenticated",
        402 => "Payment required",
        403 => "Forbidden",
        404 => "Not found",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition failed",
        413 => "Payload too large",
        415 => "Unsupported media type",
        422 => "Unprocessable content",
        429 => "Too many requests",
        502 => "Provider failed",
        503 => "Unavailable",
        504 => "Not finished in time",
        _ => "Internal error",
    };
}

/// <summary>The id that an answer and the logs share.</summary>
public static class RequestId
{
    private const string Header = "x-request-id";
    private const int LengthLimit = 128;

    /// <summary>Takes the caller's id when it is a plain one, else the invocation's, and puts it on the answer.</summary>
    public static void Assign(HttpContext http, string invocationId)
    {
        var sent = http.Request.Headers[Header].ToString();
        var isPlain = sent.Length is > 0 and <= LengthLimit && sent.All(unit => char.IsAsciiLetterOrDigit(unit) || unit is '-' or '_' or '.');
        http.Response.Headers[Header] = isPlain ? sent : invocationId;
    }

    public static string Of(HttpContext http) => http.Response.Headers[Header].ToString();
}
