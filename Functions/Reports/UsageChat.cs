using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Reporting;

namespace ServerlessAi.Functions.Reports;

/// <param name="CostUsd">Failed calls included.</param>
public sealed record ChatOutput(
    string ChatId, long Calls, long Failures, long InputTokens, long OutputTokens, long Tokens, long Images, decimal Credits, decimal CostUsd, DateTimeOffset FirstUsedAt, DateTimeOffset LastUsedAt)
{
    public static ChatOutput Of(ChatTotals totals) => new(
        totals.ChatId, totals.Use.Calls, totals.Failures, totals.Use.InputTokens, totals.Use.OutputTokens, totals.Use.Tokens, totals.Use.Images, Money.ToCredits(totals.Use.ChargedMicro),
        Money.ToUsd(totals.Use.CostNanoUsd + totals.CostNanoUsd), totals.FirstAt, totals.LastAt);
}

/// <summary>What one chat has come to (mission B7).</summary>
public sealed class UsageChat(RollUps rollUps)
{
    [Function("usage-chat")]
    [Allow(Role.Guest, Scope = Scopes.Read)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "usage/chat/{chatId}")] HttpRequest http, string chatId, CancellationToken cancellationToken) =>
        await rollUps.ReadChatAsync(http.Caller().AccountId, RouteValue.Read(chatId), cancellationToken) is { } totals
            ? Answers.Json(ChatOutput.Of(totals))
            : Problems.From(Refusal.NotFound("No call named this chat."), http.HttpContext);
}
