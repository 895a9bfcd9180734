using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Lets a request through to its function when the function says who may call it and the caller is that. Deny by default.</summary>
public sealed class AccessMiddleware(Authenticator authenticator, AccessRules rules, Members members) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
        {
            await next(context);
            return;
        }

        var rule = rules.Of(context.FunctionDefinition);
        if (rule is null)
        {
            Refuse(new Refusal(RefusalCodes.Forbidden, "Nobody may call this function."));
            return;
        }

        RequestBody.LimitTo(http, rule.BodyLimitBytes);
        if (!rule.IsPublic)
        {
            var identified = await IdentifyAsync(http, rule, context.CancellationToken);
            if (!identified.Succeeded)
            {
                Refuse(identified.Refusal);
                return;
            }

            var caller = await WithAccountAsync(identified.Value.Caller, context.CancellationToken);
            if (rule.IsOfOwner && !caller.IsOwner)
            {
                Refuse(new Refusal(RefusalCodes.Forbidden, "Only the team's owner may do this."));
                return;
            }

            http.Features.Set(caller);
            if (identified.Value.Pass is { } pass)
            {
                GuestCookie.Give(http, pass);
            }
        }

        await next(context);

        void Refuse(Refusal refusal) => context.GetInvocationResult().Value = Problems.From(refusal, http);
    }

    /// <summary>Whoever belongs to a team spends from its account. Guests belong to none, and an admin's key has no wallet.</summary>
    private async ValueTask<Caller> WithAccountAsync(Caller caller, CancellationToken cancellationToken) =>
        !GuestAccounts.Has(caller.UserId) && await members.FindTeamAsync(caller.UserId, cancellationToken) is { } team ? caller with { AccountId = team } : caller;

    private async ValueTask<Answer<Identified>> IdentifyAsync(HttpContext http, AllowAttribute rule, CancellationToken cancellationToken)
    {
        var body = http.Request.HasJsonContentType() ? await RequestBody.ReadAsync(http.Request, cancellationToken) : ReadOnlyMemory<byte>.Empty;
        if (!body.Succeeded)
        {
            return body.Refusal;
        }

        var credentials = RequestCredentials.Read(http.Request, rule, body.Value.Span);
        return credentials.Succeeded
            ? Check(await authenticator.AuthenticateAsync(credentials.Value, cancellationToken), rule)
            : credentials.Refusal;
    }

    private static Answer<Identified> Check(Answer<Identified> identified, AllowAttribute rule) => identified.Value?.Caller switch
    {
        null => identified,
        { Role: var role } when role < rule.Role => new Refusal(RefusalCodes.Forbidden, "This needs an admin's key."),
        { Scopes: var scopes } when (scopes & rule.Scope) == Scopes.None =>
            new Refusal(RefusalCodes.Forbidden, $"The key lacks the scope for this: {string.Join(" or ", ScopeNames.Of(rule.Scope))}."),
        _ => identified,
    };
}
