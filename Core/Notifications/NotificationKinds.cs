using System.Collections.Immutable;
using ServerlessAi.Accounts;

namespace ServerlessAi.Notifications;

/// <summary>What one may be told of. The words are stored, and sent as the <c>type</c> of webhooks.</summary>
public static class NotificationKinds
{
    public const string Limit = "limit";
    public const string LowBalance = "low_balance";
    public const string UnusualSpending = "unusual_spending";
    public const string WeeklySummary = "weekly_summary";
    public const string Purchase = PurchaseNews.Kind;
    public const string Gift = GiftNews.Kind;
    public const string PaymentFailed = PaymentFailedNews.Kind;

    /// <summary>A code to confirm an address with. Not to be chosen or refused.</summary>
    internal const string ConfirmAddress = "confirm_address";

    /// <summary>Those that one chooses channels for.</summary>
    public static readonly ImmutableArray<string> Chosen = [Limit, LowBalance, UnusualSpending, WeeklySummary, Purchase, Gift, PaymentFailed];
}

/// <summary>Ways to tell somebody. The words are stored.</summary>
public static class NotificationChannels
{
    public const string Email = "email";
    public const string Webhook = "webhook";

    /// <summary>The installation's own webhook.</summary>
    internal const string Operator = "operator";

    /// <summary>Those that an account has.</summary>
    public static readonly ImmutableArray<string> OfAccounts = [Email, Webhook];
}
