using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;

namespace ServerlessAi.Notifications;

/// <summary>What is told, as a person reads it and as a program does.</summary>
/// <param name="Data">The <c>data</c> of a webhook.</param>
public sealed record Message(string Subject, string Text, JsonNode Data)
{
    /// <exception cref="JsonException">The item's body is not of its kind.</exception>
    public static Message Of(OutboxItem item)
    {
        var body = item.Body ?? "{}";
        return item.Kind switch
        {
            NotificationKinds.Limit or NotificationKinds.LowBalance or NotificationKinds.UnusualSpending => Of(StoredJson.Read<AlertRecord>(body)),
            NotificationKinds.WeeklySummary => Of(StoredJson.Read<WeekSummary>(body), body),
            NotificationKinds.Purchase => Of(StoredJson.Read<PurchaseNews>(body), body),
            NotificationKinds.Gift => Of(StoredJson.Read<GiftNews>(body), body),
            NotificationKinds.PaymentFailed => Of(StoredJson.Read<PaymentFailedNews>(body), body),
            NotificationKinds.ConfirmAddress => OfCode(CodeBody.Read(body)),
            _ => new Message($"News of your account: {item.Kind.Replace('_', ' ')}", "Something has happened in your account; it is listed there.", Parse(body)),
        };
    }

    private static Message Of(AlertRecord alert) => new(AlertTexts.SubjectOf(alert), AlertTexts.MessageOf(alert), new JsonObject
    {
        ["id"] = alert.Id,
        ["period"] = AlertTexts.PeriodOf(alert),
        ["subject"] = alert.Subject,
        ["threshold"] = alert.Level,
        ["current_usage"] = alert.Used,
        ["limit"] = alert.Limit,
        ["unit"] = alert.Unit,
        ["plan"] = alert.Plan,
        ["message"] = AlertTexts.MessageOf(alert),
    });

    private static Message Of(WeekSummary week, string body) => new(
        $"Your week {week.From} to {week.To}",
        string.Create(CultureInfo.InvariantCulture, $"From {week.From} to {week.To} your account made {week.Calls} calls and {week.Images} images, was charged {week.CreditsCharged:0.######} credits, and cost {week.CostUsd:0.######} USD."),
        Parse(body));

    private static Message Of(PurchaseNews order, string body) => new(
        $"Your order: {order.Title}",
        string.Create(CultureInfo.InvariantCulture, $"Your order {order.OrderId} is fulfilled: {order.Title}. {order.Amount:0.00} {order.Currency.ToUpperInvariant()} were paid{Brought(order)}."),
        Parse(body));

    private static string Brought(PurchaseNews order) => order.Credits > 0 ? string.Create(CultureInfo.InvariantCulture, $", and {order.Credits:0.######} credits were added") : "";

    private static Message Of(GiftNews gift, string body) => new(
        string.Create(CultureInfo.InvariantCulture, $"A gift of {gift.Credits:0.######} credits"),
        string.Create(CultureInfo.InvariantCulture, $"{gift.From ?? "Somebody"} has given you {gift.Credits:0.######} credits. They are yours already."),
        Parse(body));

    private static Message Of(PaymentFailedNews news, string body)
    {
        var amount = string.Create(CultureInfo.InvariantCulture, $"{news.Amount:0.00} {news.Currency.ToUpperInvariant()}");
        if (string.Equals(news.Reason, "unknown", StringComparison.Ordinal))
        {
            return new Message($"Please check a payment: {news.Title}", $"What became of the charge of {amount} for {news.Title} is not known; it is not tried again by itself.", Parse(body));
        }

        var next = string.Equals(news.OrderKind, "topUp", StringComparison.Ordinal)
            ? "Buying credits automatically is switched off: see to your payment method, and switch it on again."
            : "It is tried once a day; three days after its period has ended the plan ends unless it is paid. You can pay it yourself at any time.";
        return new Message($"A payment failed: {news.Title}", $"The charge of {amount} for {news.Title} was declined ({news.Reason.Replace('_', ' ')}). {next}", Parse(body));
    }

    private static Message OfCode(string code) => new(
        "Confirm your address", $"Somebody, you it is hoped, wants to be told here of an account. This code confirms the address:\n\n{code}\n\nIt works for a day. If it was not you, do nothing.", new JsonObject());

    private static JsonNode Parse(string json) => JsonNode.Parse(json) ?? new JsonObject();
}

/// <summary>The body of an item that carries a code.</summary>
internal sealed record CodeBody(string Code)
{
    public static string Of(string code) => StoredJson.Write(new CodeBody(code));

    public static string Read(string body) => StoredJson.Read<CodeBody>(body).Code;
}

/// <summary>A week of an account: the row <c>summary|week</c>.</summary>
/// <param name="Week">ISO 8601: <c>2026-W47</c>.</param>
/// <param name="From">The first day, <c>yyyy-MM-dd</c>.</param>
/// <param name="Images">That were made; what came from the cache is no call.</param>
internal sealed record WeekSummary(string Week, string From, string To, long Calls, decimal CreditsCharged, decimal CostUsd, long Images);
