using System.Globalization;
using ServerlessAi.Accounts;

namespace ServerlessAi.Notifications;

/// <summary>Alerts in words.</summary>
public static class AlertTexts
{
    public static string SubjectOf(AlertRecord alert) => alert.Kind switch
    {
        AlertKind.Limit when alert.Level >= 100 => $"Limit reached: {NameOf(alert)}",
        AlertKind.Limit => string.Create(CultureInfo.InvariantCulture, $"{alert.Level} % of a limit used: {NameOf(alert)}"),
        AlertKind.LowBalance => "Your balance is low",
        _ => "Unusual spending",
    };

    public static string MessageOf(AlertRecord alert) => alert.Kind switch
    {
        AlertKind.Limit when alert.Level >= 100 =>
            string.Create(CultureInfo.InvariantCulture, $"The limit of {Amount(alert.Limit)} {UnitsOf(alert)} {WhenOf(alert)} is reached{PlanOf(alert)}."),
        AlertKind.Limit =>
            string.Create(CultureInfo.InvariantCulture, $"{Amount(alert.Used)} of {Amount(alert.Limit)} {UnitsOf(alert)} {WhenOf(alert)} are used{PlanOf(alert)}: {alert.Level} % or more."),
        AlertKind.LowBalance => string.Create(CultureInfo.InvariantCulture, $"{Amount(alert.Used)} {alert.Unit} are left; the threshold is {Amount(alert.Limit)}."),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Amount(alert.Used)} {alert.Unit} were spent on {PeriodOf(alert)}; usual are {Amount(alert.Limit)}."),
    };

    /// <returns><c>yyyy-MM</c> or <c>yyyy-MM-dd</c>, as all periods are shown.</returns>
    public static string PeriodOf(AlertRecord alert) => alert.Period switch
    {
        { Length: 8 } day => $"{day[..4]}-{day[4..6]}-{day[6..]}",
        { Length: 6 } month => $"{month[..4]}-{month[4..]}",
        var other => other,
    };

    private static string WhenOf(AlertRecord alert) => $"{(alert.Period.Length == 8 ? "on" : "in")} {PeriodOf(alert)}";

    private static string PlanOf(AlertRecord alert) => alert.Plan is { } plan ? $" (plan {plan})" : "";

    private static string NameOf(AlertRecord alert) => alert.Subject.Split('.', 2) is [var what, var provider] ? $"{ProviderOf(provider)} {what}" : alert.Subject.Replace('_', ' ');

    private static string UnitsOf(AlertRecord alert) => alert.Subject switch
    {
        "cost" => "USD of cost",
        "gallery" => "images of the gallery",
        "daily_tokens" => "tokens",
        _ => NameOf(alert),
    };

    // As they write themselves; of those that were added as data the id is the name.
    private static string ProviderOf(string id) => id switch
    {
        "openai" => "OpenAI",
        "deepseek" => "DeepSeek",
        "fal" => "fal.ai",
        "stability" => "Stability AI",
        "gemini" or "anthropic" or "mistral" or "groq" or "tavily" or "serper" or "exa" or "firecrawl" => char.ToUpperInvariant(id[0]) + id[1..],
        _ => id,
    };

    private static string Amount(decimal amount) => amount.ToString("#,0.######", CultureInfo.InvariantCulture);
}
