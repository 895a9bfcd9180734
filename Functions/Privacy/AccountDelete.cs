using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Privacy;

namespace ServerlessAi.Functions.Privacy;

/// <param name="Deleted">What is gone, now or within minutes.</param>
/// <param name="Kept">What stays, and under which name.</param>
public sealed record ErasureOutput(bool Closed, string Deleted, string Kept);

/// <summary>Forgets the caller. Credits that are left lapse; there is no way back.</summary>
public sealed class AccountDelete(Erasures erasures)
{
    private static readonly ErasureOutput Done = new(
        Closed: true,
        "Your name, keys, settings, gallery, alerts, answers kept for repetition, chat totals, what you wrote as labels and reasons, how you pay, what waited to be told to you or about you, whom you gave credits, who brought you, and your name in teams. "
        + "A team that you founded keeps its credits for its members, and buys nothing by itself any more: how it pays, its top-up and where its news go are deleted, and a plan that it pays for ends with its period. It is done now, or within minutes.",
        "Amounts, times, models and plans of your account, under a random name, because accounting needs them. That name leads to nobody, except where something was bought: orders, and what was paid for them, stay as invoices under the name they were made out to, "
        + "and their numbers are those of the amounts that they caused. Hashes of your name stay, so that nobody is welcomed with credits twice or uses a code twice. What was done in a team is the team's, and no longer says who did it. "
        + "Files of images stay where the cache finds them for whoever asks for the same; neither they nor their addresses say who asked first. Marks of the hours in which you were active go when the next month is over.");

    [Function("account-delete")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "account")] HttpRequest http, CancellationToken cancellationToken) =>
        await erasures.EraseAsync(http.Caller().UserId, cancellationToken) is { } refusal ? Problems.From(refusal, http.HttpContext) : Answers.Json(Done);
}
