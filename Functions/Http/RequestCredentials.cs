using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Access;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Finds credentials in a request.</summary>
internal static class RequestCredentials
{
    private const string Scheme = "Bearer ";
    private const string Principal = "X-MS-CLIENT-PRINCIPAL";

    /// <param name="body">The JSON body; empty when there is none.</param>
    public static Answer<Credentials> Read(HttpRequest http, AllowAttribute rule, ReadOnlySpan<byte> body)
    {
        // On an admin's routes a user id names the object of the request, not its sender.
        var named = rule.Role == Role.Admin ? [] : NamedUsers(http, body);
        if (named.Count > 1)
        {
            return Refusal.Invalid("The request names different users in its address, its query, its header or its body.");
        }

        return new Credentials(Key(http), named.FirstOrDefault())
        {
            Principal = http.Headers[Principal].ToString(),
            GuestPass = GuestCookie.Of(http),
            // The worker's forwarded-headers middleware has put the last entry of X-Forwarded-For here, the only one that the platform wrote itself, and has
            // taken it out of the header: what is left there is the sender's own tale.
            Address = http.HttpContext.Connection.RemoteIpAddress,
            // Browsers write it themselves, and no script can (https://www.w3.org/TR/fetch-metadata/).
            IsCrossSite = http.Headers["Sec-Fetch-Site"] == "cross-site",
            MayBeGuest = rule.Role == Role.Guest,
        };
    }

    private static string? Key(HttpRequest http)
    {
        var authorization = http.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return authorization[Scheme.Length..].Trim();
        }

        var key = http.Headers["x-api-key"].ToString();
        return key.Length > 0 ? key : null;
    }

    /// <summary>Every user the request names, in its address, its query, its header or its JSON body. One who is named there several times is one.</summary>
    private static HashSet<string> NamedUsers(HttpRequest http, ReadOnlySpan<byte> body)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        if (http.RouteValues.TryGetValue("userId", out var inAddress) && inAddress?.ToString() is { } user)
        {
            named.Add(RouteValue.Read(user));
        }

        named.UnionWith(http.Query["userId"].OfType<string>());
        named.UnionWith(http.Headers["x-user-id"].OfType<string>());
        if (!body.IsEmpty)
        {
            AddUserIds(body, named);
        }

        named.Remove("");
        return named;
    }

    // Only the top level counts; a body that is no JSON names nobody and is refused by whoever reads it.
    private static void AddUserIds(ReadOnlySpan<byte> body, HashSet<string> named)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != 1)
                {
                    continue;
                }

                var isUserId = reader.ValueTextEquals("userId"u8) || reader.ValueTextEquals("user_id"u8);
                reader.Read();
                if (isUserId && reader.TokenType == JsonTokenType.String)
                {
                    named.Add(reader.GetString()!);
                }

                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // What was named before counts.
        }
    }
}
