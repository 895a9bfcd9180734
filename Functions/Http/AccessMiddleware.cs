using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using ServerlessAi.Access;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Http;

/// <summary>Lets a request through to its function when the function says who may call it and the caller is that. Deny by default.</summary>
public sealed class AccessMiddleware(Authenticator authenticator, AccessRules rules) : IFunctionsWorkerMiddleware
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

            http.Features.Set(identified.Value);
        }

        await next(context);

        void Refuse(Refusal refusal) => context.GetInvocationResult().Value = Problems.From(refusal, http);
    }

    private async ValueTask<Answer<Caller>> IdentifyAsync(HttpContext http, AllowAttribute rule, CancellationToken cancellationToken)
    {
        var body = http.Request.HasJsonContentType() ? await RequestBody.ReadAsync(http.Request, cancellationToken) : ReadOnlyMemory<byte>.Empty;
        if (!body.Succeeded)
        {
            return body.Refusal;
        }

        // On an admin's routes a user id names the object of the request, not its sender.
        var namedUser = rule.Role == Role.Admin ? null : RequestCredentials.RouteUser(http.Request) ?? RequestCredentials.NamedUser(http.Request, body.Value.Span);
        var caller = await authenticator.AuthenticateAsync(new Credentials(RequestCredentials.Key(http.Request), namedUser), cancellationToken);
        return caller.Succeeded && caller.Value.Role < rule.Role
            ? new Refusal(RefusalCodes.Forbidden, "This needs an admin's key.")
            : caller;
    }
}

/// <summary>Finds credentials in a request.</summary>
internal static class RequestCredentials
{
    private const string Scheme = "Bearer ";

    public static string? Key(HttpRequest http)
    {
        var authorization = http.Headers.Authorization.ToString();
        if (authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return authorization[Scheme.Length..].Trim();
        }

        var key = http.Headers["x-api-key"].ToString();
        return key.Length > 0 ? key : null;
    }

    /// <summary>The user that the address names.</summary>
    public static string? RouteUser(HttpRequest http) => http.RouteValues.TryGetValue("userId", out var value) ? value?.ToString() : null;

    /// <summary>The user the request names, in its query, its header or its JSON body.</summary>
    public static string? NamedUser(HttpRequest http, ReadOnlySpan<byte> body)
    {
        if (http.Query["userId"].ToString() is { Length: > 0 } inQuery)
        {
            return inQuery;
        }

        if (http.Headers["x-user-id"].ToString() is { Length: > 0 } inHeader)
        {
            return inHeader;
        }

        return body.IsEmpty ? null : FindUserId(body);
    }

    // Only the top level counts; a body that is no JSON names nobody and is refused by whoever reads it.
    private static string? FindUserId(ReadOnlySpan<byte> body)
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
                    return reader.GetString();
                }

                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }

        return null;
    }
}
