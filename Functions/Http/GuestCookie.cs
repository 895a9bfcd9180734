using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServerlessAi.Access.Visitors;

namespace ServerlessAi.Functions.Http;

/// <summary>
/// The cookie that a guest is known by. No script reads it, and no other site's form sends it. Over TLS its name makes browsers refuse one that another
/// subdomain sets (RFC 6265bis, the prefix <c>__Host-</c>).
/// </summary>
internal static class GuestCookie
{
    private const string PlainName = "sai-guest";
    private const string SecureName = "__Host-" + PlainName;

    public static string? Of(HttpRequest http) => http.Cookies[NameOf(http.HttpContext)] is { Length: > 0 } value ? value : null;

    public static void Give(HttpContext http, GuestPass pass)
    {
        http.Response.Cookies.Append(NameOf(http), pass.Value, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = IsSecure(http),
            Path = "/",
            // Seconds from now, as the browser counts them: no clock has to agree with another.
            MaxAge = pass.Lifetime,
            IsEssential = true,
        });
        http.Response.Headers.CacheControl = "no-store";
    }

    private static string NameOf(HttpContext http) => IsSecure(http) ? SecureName : PlainName;

    private static bool IsSecure(HttpContext http) => !http.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment();
}
