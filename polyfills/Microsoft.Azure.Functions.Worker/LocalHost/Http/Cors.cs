using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>Host.CORS and Host.CORSCredentials of local.settings.json. A star never goes together with credentials.</summary>
internal sealed class Cors(string origins, bool credentials)
{
    private readonly string[] _origins = origins.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private bool AnyOrigin => _origins.Contains("*", StringComparer.Ordinal);

    /// <summary>Adds the headers; true when the request was a preflight and needs no function.</summary>
    public bool Answer(HttpContext http)
    {
        var (request, response) = (http.Request, http.Response);
        var origin = request.Headers.Origin.ToString();
        if (origin.Length == 0)
        {
            return false;
        }

        var preflight = HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);
        if (AnyOrigin || _origins.Contains(origin, StringComparer.OrdinalIgnoreCase))
        {
            Allow(request, response.Headers, origin, preflight);
        }

        if (preflight)
        {
            response.StatusCode = StatusCodes.Status204NoContent;
        }

        return preflight;
    }

    private void Allow(HttpRequest request, IHeaderDictionary headers, string origin, bool preflight)
    {
        headers.AccessControlAllowOrigin = AnyOrigin ? "*" : origin;
        if (!AnyOrigin)
        {
            headers.Vary = HeaderNames.Origin;
            if (credentials)
            {
                headers.AccessControlAllowCredentials = "true";
            }
        }

        if (preflight)
        {
            headers.AccessControlAllowMethods = request.Headers.AccessControlRequestMethod;
            headers.AccessControlAllowHeaders = request.Headers.AccessControlRequestHeaders;
        }
    }
}
