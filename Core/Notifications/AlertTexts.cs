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
            string.Create(CultureInfo.InvariantCulture, $"The limit of {Amount(alert.Limit)} {alert.Unit} for {NameOf(alert)} in {alert.Period} is reached{PlanOf(alert)}."),
        AlertKind.Limit =>
            string.Create(CultureInfo.InvariantCulture, $"{Amount(alert.Used)} of {Amount(alert.Limit)} {alert.Unit} for {NameOf(alert)} in {alert.Period} are used{PlanOf(alert)}: {alert.Level} % or more."),
        AlertKind.LowBalance => string.Create(CultureInfo.InvariantCulture, $"{Amount(alert.Used)} {alert.Unit} are left; the threshold is {Amount(alert.Limit)}."),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Amount(alert.Used)} {alert.Unit} were spent on {alert.Period}; usual are {Amount(alert.Limit)}."),
    };

    private static string PlanOf(AlertRecord alert) => alert.Plan is { } plan ? $" (plan {plan})" : "";

    private static string NameOf(AlertRecord alert) => alert.Subject.Replace('.', ' ');

    private static string Amount(decimal amount) => amount.ToString("#,0.######", CultureInfo.InvariantCulture);
}
