using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace ServerlessAi.Providers.Search;

/// <summary>What all vendors of search have in common: one question in JSON, one list of pages in JSON, of which only what can be used is kept.</summary>
internal abstract class JsonSearchProvider(IHttpClientFactory factory, SearchVendorOptions settings, TimeProvider time) : ISearchProvider
{
    private const int AnswerLimit = 4 * 1024 * 1024;
    private const int TitleLimit = 300;
    private const int SnippetLimit = 1_000;
    private const int AddressLimit = 2_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public abstract string Name { get; }

    protected string? ApiKey => settings.ApiKey;

    /// <summary>After the vendor's address.</summary>
    protected abstract string Path { get; }

    protected abstract object Body(SearchCall call);

    protected abstract void Authorize(HttpRequestMessage request);

    /// <returns>The list of pages; null when the answer has none.</returns>
    protected abstract JsonElement? ListIn(JsonElement answer);

    protected abstract SearchHit? Read(JsonElement page);

    /// <summary>What an error's body says: its kind, if it has one, and its words.</summary>
    protected abstract (string? Kind, string? Message) Error(JsonElement body);

    protected virtual ProviderFailure FailureOf(int status, string? kind, string? message) => VendorErrors.FromStatus(status);

    public Task<ProviderOutcome<SearchResult>> SearchAsync(SearchCall call, CancellationToken cancellationToken) => VendorErrors.GuardAsync(async () =>
    {
        using var http = factory.CreateClient(VendorHttp.Client);
        using var request = new HttpRequestMessage(HttpMethod.Post, settings.BaseUrl.TrimEnd('/') + Path);
        request.Content = JsonContent.Create(Body(call), options: Json);
        Authorize(request);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var body = await VendorHttp.ReadAsync(stream, AnswerLimit, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var (kind, message) = ErrorIn(body);
            var status = (int)response.StatusCode;
            return ProviderOutcome<SearchResult>.Failed(
                FailureOf(status, kind, message), VendorErrors.Shorten(message, settings.ApiKey) ?? kind ?? $"HTTP {status}.", VendorHttp.RetryAfter(response, time));
        }

        return body is null ? ProviderOutcome<SearchResult>.Failed(ProviderFailure.BadAnswer, "The answer is too large.") : ResultIn(body, call.MaxResults);
    });

    /// <summary>Makes a result of what a vendor says of a page; null when it has no address that a browser could open.</summary>
    protected static SearchHit? Hit(string? title, string? url, string? snippet, double? score = null, string? publishedAt = null)
    {
        if (url is not { Length: <= AddressLimit } || !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
        {
            return null;
        }

        DateTimeOffset? date = DateTimeOffset.TryParse(publishedAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed) ? parsed : null;
        return new SearchHit(Cut(title, TitleLimit) is { Length: > 0 } name ? name : uri.Host, uri, Cut(snippet, SnippetLimit), score, date);
    }

    protected static double? Number(JsonElement page, string name) =>
        page.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    protected static JsonElement? List(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list : null;

    private ProviderOutcome<SearchResult> ResultIn(byte[] body, int maxResults)
    {
        using var json = JsonDocument.Parse(body);
        return ListIn(json.RootElement) is { } list
            ? new SearchResult([.. list.EnumerateArray().Where(page => page.ValueKind == JsonValueKind.Object).Select(Read).OfType<SearchHit>().Take(maxResults)])
            : ProviderOutcome<SearchResult>.Failed(ProviderFailure.BadAnswer, "The answer has no results.");
    }

    private (string? Kind, string? Message) ErrorIn(byte[]? body)
    {
        try
        {
            using var json = JsonDocument.Parse(body ?? []);
            return json.RootElement.ValueKind == JsonValueKind.Object ? Error(json.RootElement) : (null, null);
        }
        catch (JsonException)
        {
            // A proxy's page instead of JSON: the status alone counts.
            return (null, null);
        }
    }

    // Not between the halves of a character.
    private static string Cut(string? text, int limit)
    {
        var trimmed = text?.Trim() ?? "";
        return trimmed.Length <= limit ? trimmed : trimmed[..(char.IsHighSurrogate(trimmed[limit - 1]) ? limit - 1 : limit)];
    }
}
