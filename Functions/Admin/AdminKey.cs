using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <summary>Revokes one API key. It works nowhere a minute later.</summary>
public sealed class AdminKey(ApiKeys keys)
{
    internal const int PrefixLimit = 32;

    [Function("admin-key")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "manage/keys/{prefix}")] HttpRequest http, string prefix, CancellationToken cancellationToken)
    {
        var revoked = prefix.Length <= PrefixLimit ? await keys.RevokeAsync(prefix, cancellationToken) : null;
        return revoked is null
            ? Problems.From(Refusal.NotFound("There is no key with this prefix."), http.HttpContext)
            : Answers.Json(KeyOutput.Of(revoked));
    }
}
