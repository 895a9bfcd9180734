using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;

namespace ServerlessAi.Notifications;

/// <summary>
/// Turns intents into one item for each channel, so that each is tried for itself. What is told must be there first: the row of the account is the truth, and
/// the intent only says where to look.
/// </summary>
public sealed class Intents(OutboxQueue queue, PreferenceBook preferences, IOptions<NotificationOptions> options, TimeProvider time)
{
    /// <summary>
    /// How long an intent waits for its row. No write can be on its way as long: the account's store gives one up after seconds, and the platform ends a
    /// function after minutes.
    /// </summary>
    public static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    /// <returns>Whether there is something to be sent now.</returns>
    public async Task<bool> ExpandAsync(StoredItem intent, CancellationToken cancellationToken)
    {
        switch (intent.Item.Source is null ? new SourceOfIntent.Taken(intent.Item.Body) : await queue.TakeSourceAsync(intent.Item, cancellationToken))
        {
            case SourceOfIntent.Taken taken:
                var items = await ItemsAsync(intent.Item, intent.Item.Body ?? taken.Body, cancellationToken);
                await queue.ReplaceAsync(intent, items, cancellationToken);
                return items.Count > 0;
            case SourceOfIntent.Missing when time.GetUtcNow() - intent.Item.CreatedAt < Grace:
                await queue.PostponeAsync(intent with { Item = intent.Item with { DueAt = time.GetUtcNow() + Pause } }, cancellationToken);
                return false;
            default:
                await queue.CompleteAsync(intent, cancellationToken);
                return false;
        }
    }

    private async Task<IReadOnlyList<OutboxItem>> ItemsAsync(OutboxItem intent, string? body, CancellationToken cancellationToken)
    {
        var wanted = await preferences.ReadAsync(intent.AccountId, cancellationToken);
        var channels = wanted.ChannelsOf(intent.Kind);
        if (options.Value.WebhookUrl is { Length: > 0 } && intent.Kind is not NotificationKinds.WeeklySummary)
        {
            channels = channels.Append(NotificationChannels.Operator);
        }

        var now = time.GetUtcNow();
        return [.. channels.Select(channel => intent with { Id = Outbox.IdOf(intent, channel), DueAt = now, Channel = channel, Body = body, Source = null, Token = null })];
    }
}
