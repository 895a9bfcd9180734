using System.Globalization;

namespace ServerlessAi.Accounts;

/// <summary>What an alert is about. The names are stored.</summary>
public enum AlertKind
{
    /// <summary>A share of a limit of the plan was reached.</summary>
    Limit = 0,

    /// <summary>The balance fell to the threshold.</summary>
    LowBalance = 1,

    /// <summary>A day's charges are far above the account's habit.</summary>
    UnusualSpending = 2,
}

/// <summary>Something the account's owner should be told, the row <c>alert|period|subject|level</c>; raised in the transaction that causes it.</summary>
/// <param name="Period">The month of a limit (<c>yyyyMM</c>), the day of a day's limit and of unusual spending (<c>yyyyMMdd</c>), the month in which the balance fell.</param>
/// <param name="Subject">What is limited or watched: <c>calls.gemini</c>, <c>tokens.openai</c>, <c>daily_tokens</c>, <c>cost</c>, <c>gallery</c>, <c>balance</c>, <c>spending</c>.</param>
/// <param name="Level">80, 90 or 100 for a limit; for the others a number that tells one such alert of the period from the next.</param>
public sealed record AlertRecord(AlertKind Kind, string Period, string Subject, long Level, DateTimeOffset At)
{
    /// <summary>Used calls, tokens, USD or credits, as <see cref="Unit"/> says.</summary>
    public decimal Used { get; init; }

    /// <summary>The limit, the threshold, or the habit that <see cref="Used"/> is compared with.</summary>
    public decimal Limit { get; init; }

    /// <summary><c>calls</c>, <c>tokens</c>, <c>usd</c> or <c>credits</c>.</summary>
    public required string Unit { get; init; }

    /// <summary>The plan whose limit it is; null where it is none.</summary>
    public string? Plan { get; init; }

    /// <summary>Unique in the account, and fit for a URL: <c>202611-basic.calls.gemini-80</c>. The plan is a part of it: another plan has other limits to reach.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Period}-{(Plan is null ? "" : Plan + ".")}{Subject}-{Level}");
}
