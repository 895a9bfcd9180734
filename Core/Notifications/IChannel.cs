using ServerlessAi.Accounts;

namespace ServerlessAi.Notifications;

/// <summary>What came of sending.</summary>
public enum DeliveryOutcome
{
    Sent,

    /// <summary>Nobody is there any more who wants it on this channel.</summary>
    Unwanted,

    /// <summary>It may succeed later.</summary>
    Failed,

    /// <summary>It will never succeed.</summary>
    Refused,
}

/// <param name="Error">A short code without addresses, for those who look after the installation.</param>
/// <param name="IsOfChannel">It failed before it came to this receiver; others would fare no better on the channel.</param>
public readonly record struct Delivery(DeliveryOutcome Outcome, string? Error = null, bool IsOfChannel = false)
{
    public static readonly Delivery Sent = new(DeliveryOutcome.Sent);
    public static readonly Delivery Unwanted = new(DeliveryOutcome.Unwanted);

    public static Delivery Failed(string error) => new(DeliveryOutcome.Failed, error);

    public static Delivery Refused(string error) => new(DeliveryOutcome.Refused, error);
}

/// <summary>One way to tell somebody. Where that is, is looked up when it is sent: who has changed their mind meanwhile is told where they want it.</summary>
public interface IChannel
{
    /// <summary>One of <see cref="NotificationChannels"/>.</summary>
    string Name { get; }

    /// <summary>Whether failures of one account's items say nothing of those of others.</summary>
    bool IsOfAccount { get; }

    Task<Delivery> SendAsync(OutboxItem item, Message message, CancellationToken cancellationToken);
}
