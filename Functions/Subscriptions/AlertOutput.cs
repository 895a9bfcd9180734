using ServerlessAi.Accounts;
using ServerlessAi.Notifications;

namespace ServerlessAi.Functions.Subscriptions;

/// <summary>An alert as its owner sees it.</summary>
/// <param name="Type"><c>limit</c>, <c>low_balance</c> or <c>unusual_spending</c>.</param>
/// <param name="Period"><c>yyyy-MM</c>; of unusual spending and of a day's limit <c>yyyy-MM-dd</c>.</param>
/// <param name="Threshold">80, 90 or 100 for a limit; otherwise a number that tells one alert of the period from the next.</param>
public sealed record AlertOutput(
    string Id,
    string Type,
    string Period,
    string Subject,
    long Threshold,
    decimal CurrentUsage,
    decimal Limit,
    string Unit,
    string? Plan,
    string Message,
    DateTimeOffset CreatedAt,
    bool Read,
    DateTimeOffset? ReadAt)
{
    public static AlertOutput Of(BookedAlert booked) => new(
        booked.Alert.Id,
        Outbox.KindOf(booked.Alert.Kind),
        AlertTexts.PeriodOf(booked.Alert),
        booked.Alert.Subject,
        booked.Alert.Level,
        booked.Alert.Used,
        booked.Alert.Limit,
        booked.Alert.Unit,
        booked.Alert.Plan,
        AlertTexts.MessageOf(booked.Alert),
        booked.Alert.At,
        booked.ReadAt is not null,
        booked.ReadAt);
}

/// <param name="Unread">Of the whole account.</param>
/// <param name="Next">Send it as <c>next</c> to get the next page; absent on the last one.</param>
public sealed record AlertsData(IReadOnlyList<AlertOutput> Alerts, int Unread, string? Next);
