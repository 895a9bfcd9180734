using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Providers.Search;

namespace ServerlessAi.Functions.Generation;

/// <summary>Searches the web.</summary>
public sealed class Search(BillableRequests requests, SearchWork work)
{
    [Function("search")]
    [Allow(Role.Guest, Scope = Scopes.Generate)]
    public Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "search")] HttpRequest http, CancellationToken cancellationToken) =>
        requests.ServeAsync<SearchInput, SearchRequest, SearchResult>(
            http, work, (input, caller) => input.ToRequest(caller), served => new(SearchOutput.Of(served)), cancellationToken);
}
