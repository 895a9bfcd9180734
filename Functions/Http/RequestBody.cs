using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Reads JSON bodies: bounded, of the right content type, each refusal with its own code.</summary>
public static class RequestBody
{
    /// <summary>Room for the longest prompts.</summary>
    public const int UsualLimitBytes = 1024 * 1024;

    /// <summary>Room for many prompts of usual length.</summary>
    public const int BatchLimitBytes = 4 * 1024 * 1024;

    /// <summary>Room for a few pictures in base64.</summary>
    public const int PicturesLimitBytes = 12 * 1024 * 1024;

    private sealed record Limit(int Bytes);

    private sealed record Buffered(Answer<ReadOnlyMemory<byte>> Bytes);

    /// <summary>Reads and converts the body.</summary>
    public static Task<Answer<T>> ReadJsonAsync<T>(this HttpRequest http, JsonSerializerOptions options, CancellationToken cancellationToken)
        where T : class => http.ReadAsync(body => JsonSerializer.Deserialize<T>(body.Span, options), cancellationToken);

    /// <param name="parse">Throws <see cref="JsonException"/> for what is no JSON, and makes null of what is no object.</param>
    public static async Task<Answer<T>> ReadAsync<T>(this HttpRequest http, Func<ReadOnlyMemory<byte>, T?> parse, CancellationToken cancellationToken)
        where T : class
    {
        if (!http.HasJsonContentType())
        {
            return new Refusal(RefusalCodes.UnsupportedMediaType, "Send the body as 'Content-Type: application/json'.");
        }

        var body = await ReadAsync(http, cancellationToken);
        if (!body.Succeeded)
        {
            return body.Refusal;
        }

        try
        {
            return parse(body.Value) is { } value ? value : Refusal.Invalid("The body must be a JSON object.");
        }
        catch (JsonException exception)
        {
            return Refusal.Invalid(Describe(exception));
        }
    }

    /// <summary>The body's bytes, read once and kept for whoever asks next.</summary>
    public static async ValueTask<Answer<ReadOnlyMemory<byte>>> ReadAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        if (http.HttpContext.Features.Get<Buffered>() is not { } buffered)
        {
            buffered = new Buffered(await ReadBytesAsync(http, cancellationToken));
            http.HttpContext.Features.Set(buffered);
        }

        return buffered.Bytes;
    }

    /// <summary>How much of a body is read, unless it has been read before.</summary>
    public static void LimitTo(HttpContext http, int bytes) => http.Features.Set(new Limit(bytes));

    /// <summary>Whether the request came with a body, if only an empty one of unknown length.</summary>
    public static bool HasBody(this HttpRequest http) => http.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;

    private static async Task<Answer<ReadOnlyMemory<byte>>> ReadBytesAsync(HttpRequest http, CancellationToken cancellationToken)
    {
        var limit = http.HttpContext.Features.Get<Limit>()?.Bytes ?? UsualLimitBytes;
        var tooLarge = new Refusal(RefusalCodes.PayloadTooLarge, $"A body has at most {limit} bytes here.").With("limitBytes", limit);
        if (http.ContentLength > limit)
        {
            return tooLarge;
        }

        using var bytes = new MemoryStream((int)(http.ContentLength ?? 4_096));
        var chunk = new byte[16 * 1024];
        int count;
        while ((count = await http.Body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (bytes.Length + count > limit)
            {
                return tooLarge;
            }

            bytes.Write(chunk, 0, count);
        }

        return new ReadOnlyMemory<byte>(bytes.ToArray());
    }

    // The serializer's message names .NET types; the path is what a caller can use.
    internal static string Describe(JsonException exception) => exception.Path is { Length: > 1 } path
        ? $"The body's field '{path.TrimStart('$', '.')}' is unknown, given twice, or has a value of the wrong type."
        : "The body is not valid JSON.";
}
