using System.Text;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Text;
using ServerlessAi.Storage;

namespace ServerlessAi;

/// <summary>A prompt as it is kept to be asked again: nothing of who asked.</summary>
internal sealed record RenewableText(string Prompt, string? System, string? Model, int? MaxTokens, double? Temperature);

/// <inheritdoc cref="RenewableText"/>
internal sealed record RenewableSearch(string Query, string? Provider, string? Model, int? MaxResults);

/// <summary>Asks again what was asked before, on the house, and lets the answer take the place of the one there is.</summary>
public sealed class Renewals(Gateway gateway, TextWork texts, ChatWork chats, SearchWork searches)
{
    private static readonly Caller House = new(SystemAccounts.WarmCache, SystemAccounts.WarmCache, Role.User);

    /// <param name="limits">What may be spent.</param>
    public Task<Answer<Served>> RunAsync(CachedRequest request, PlanBook limits, CancellationToken cancellationToken)
    {
        var cache = new CacheUse(Ttl: request.Ttl) { Renewed = request };
        switch (request.Kind)
        {
            case CachedRequest.Text:
                var text = StoredJson.Read<RenewableText>(request.Json);
                return gateway.ServeAsync(
                    texts, new TextRequest(House, text.Prompt, text.System, text.Model, text.MaxTokens, text.Temperature, ChatId: null, cache) { OnTheHouse = limits }, cancellationToken);
            case CachedRequest.Search:
                var search = StoredJson.Read<RenewableSearch>(request.Json);
                return gateway.ServeAsync(
                    searches, new SearchRequest(House, search.Query, search.Provider, search.Model, search.MaxResults, cache) { OnTheHouse = limits }, cancellationToken);
            case CachedRequest.Chat:
                var body = ChatJson.Parse(Encoding.UTF8.GetBytes(request.Json)) ?? [];
                return gateway.ServeAsync(chats, new ChatRequest(House, body, UsageLabels.Of(body), cache) { OnTheHouse = limits }, cancellationToken);
            default:
                // A newer build wrote it.
                return Task.FromResult<Answer<Served>>(Refusal.Invalid("This kind of request is not known."));
        }
    }
}
