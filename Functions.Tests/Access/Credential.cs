using System.Text;
using System.Text.Json;

namespace ServerlessAi.Tests.Access;

/// <summary>Ways of saying who one is, each put on a request.</summary>
internal static class Credential
{
    public const string Production = "Production";
    public const string EntraId = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    public const string NameId = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

    /// <summary>Keeps no cookies between requests; those a test sends are its own.</summary>
    public static HttpClient WithoutCookies(this TestApp app) => new(new HttpClientHandler { UseCookies = false }) { BaseAddress = app.Http.BaseAddress };

    public static Action<HttpRequestMessage> Bearer(string key) => request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);

    public static Action<HttpRequestMessage> Header(string name, string value) => request => request.Headers.TryAddWithoutValidation(name, value);

    public static Action<HttpRequestMessage> All(params Action<HttpRequestMessage>[] changes) => request => Array.ForEach(changes, change => change(request));

    /// <summary>As the front end of the platform reports an address.</summary>
    public static Action<HttpRequestMessage> From(string address) => Header("X-Forwarded-For", address);

    /// <summary>The header as App Service writes it for a user.</summary>
    public static Action<HttpRequestMessage> Principal(string provider, string idType, string id, params (string Type, string Value)[] more) =>
        Principal(JsonSerializer.Serialize(new
        {
            auth_typ = provider,
            name_typ = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            role_typ = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
            claims = more.Prepend((Type: idType, Value: id)).Select(claim => new { typ = claim.Type, val = claim.Value }),
        }));

    public static Action<HttpRequestMessage> Principal(string json) => Header("X-MS-CLIENT-PRINCIPAL", Convert.ToBase64String(Encoding.UTF8.GetBytes(json)));

    public static async Task<string> KeyAsync(this TestApp app, string user, params string[] scopes)
    {
        var issued = await app.PostAsync("manage/keys", scopes.Length > 0 ? new { userId = user, scopes } : new { userId = user }, app.Admin);
        Assert.Equal(201, issued.Status);
        return issued.Text("key")!;
    }

    public static async Task<string> TokenAsync(this TestApp app, string user, int? ttlSeconds = null)
    {
        var minted = await app.PostAsync("manage/tokens", new { userId = user, ttlSeconds }, app.Admin);
        Assert.Equal(201, minted.Status);
        return minted.Text("token")!;
    }

    /// <summary>The guest cookie of an answer, as <c>name=value</c>; null when it sets none.</summary>
    public static string? GuestCookie(this Reply reply) => reply.Headers.GetValueOrDefault("Set-Cookie")?.Split(';')[0];

    public static Task<Reply> GetAsync(this TestApp app, string path, Action<HttpRequestMessage> change, HttpClient? client = null) =>
        app.SendAsync(HttpMethod.Get, path, client: client, change: change);

    /// <summary>The last character replaced by another of base64.</summary>
    public static string Altered(string text, int at) => text[..at] + (text[at] == 'A' ? 'B' : 'A') + text[(at + 1)..];
}
