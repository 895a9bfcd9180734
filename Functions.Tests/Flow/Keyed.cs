using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace ServerlessAi.Tests.Flow;

/// <summary>The answer to a request with an idempotency key, down to its bytes.</summary>
internal sealed record Keyed(int Status, string Text, bool IsReplayed, bool HasRetryAfter)
{
    private JsonElement Body => JsonDocument.Parse(Text).RootElement;

    public string? Code => Body.TryGetProperty("code", out var code) ? code.GetString() : null;

    public string? Receipt => Body.TryGetProperty("receipt", out var receipt) ? receipt.ToString() : null;

    public decimal Number(string name) => Body.GetProperty(name).GetDecimal();

    public static Task<Keyed> SendAsync(TestApp app, string key, object body, string route = "ai-preview-image") =>
        SendAsync(app.Http, key, JsonContent.Create(body), route);

    /// <summary>Gives or takes credits of "ann"; the body goes out as it stands.</summary>
    public static Task<Keyed> ChangeAsync(TestApp app, string key, string body) =>
        SendAsync(app.Admin, key, new StringContent(body, Encoding.UTF8, "application/json"), "manage/users/ann/credits");

    private static async Task<Keyed> SendAsync(HttpClient client, string key, HttpContent content, string route)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, route) { Content = content };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await client.SendAsync(request);
        return new Keyed(
            (int)response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Headers.TryGetValues("Idempotent-Replayed", out var replayed) && replayed.Single() == "true",
            response.Headers.RetryAfter is not null);
    }
}
