using System.Globalization;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Accounts;

namespace ServerlessAi.Functions.Http;

/// <summary>Headers that every billable answer carries. A cached answer does not touch the account and so says nothing of what is left.</summary>
public sealed class ReceiptHeaders(AccountViews accounts)
{
    public void Add(HttpRequest http, Served served)
    {
        var headers = http.HttpContext.Response.Headers;
        headers["x-operation-id"] = served.OperationId;
        headers["x-credits-charged"] = Text(served.Receipt.CreditsCharged);
        headers["x-cache"] = served.Cached ? "hit" : "miss";
        headers["x-model-served"] = served.Receipt.ModelServed;
        headers["x-settlement"] = served.Receipt.Settlement;
        if (served.Answer.Image is { } image)
        {
            headers["x-image-id"] = image.Id;
        }

        if (served.Account is not { } state)
        {
            return;
        }

        var account = accounts.Show(state);
        headers["x-credits-remaining"] = Text(account.AvailableCredits);
        headers["x-ratelimit-limit-tokens"] = Text(account.TokensPerDay);
        headers["x-ratelimit-remaining-tokens"] = Text(account.TokensLeftToday);
        if (account.RequestsPerMinute > 0)
        {
            headers["x-ratelimit-limit-requests"] = Text(account.RequestsPerMinute);
            headers["x-ratelimit-remaining-requests"] = Text(account.RequestsLeftThisMinute);
        }
    }

    /// <summary>What is known when a stream begins; the rest stands in its last event.</summary>
    public static void AddToStream(HttpRequest http, string? modelServed)
    {
        http.HttpContext.Response.Headers["x-cache"] = "miss";
        http.HttpContext.Response.Headers["x-model-served"] = modelServed;
    }

    private static string Text(decimal number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}
