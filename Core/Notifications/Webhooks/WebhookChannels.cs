using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;

namespace ServerlessAi.Notifications;

/// <summary>The webhook that an account's owner has set.</summary>
internal sealed class AccountWebhook(PreferenceBook preferences, WebhookSender sender) : IChannel
{
    public string Name => NotificationChannels.Webhook;

    public bool IsOfAccount => true;

    public async Task<Delivery> SendAsync(OutboxItem item, Message message, CancellationToken cancellationToken)
    {
        var wanted = await preferences.ReadAsync(item.AccountId, cancellationToken);
        if (!wanted.Wants(item.Kind, Name) || wanted.WebhookUrl is not { } url)
        {
            return Delivery.Unwanted;
        }

        if (await preferences.KeyOfAsync(item.AccountId, wanted, cancellationToken) is not { } key)
        {
            // Off until its owner sets it anew; they see that it is.
            await preferences.SwitchOffWebhookAsync(item.AccountId, url, cancellationToken);
            return Delivery.Refused(WebhookSender.SecretLost);
        }

        var delivery = await sender.SendAsync(new Uri(url), key, item, message, cancellationToken);
        if (delivery is { Error: WebhookSender.Gone })
        {
            await preferences.SwitchOffWebhookAsync(item.AccountId, url, cancellationToken);
        }

        return delivery;
    }
}

/// <summary>The webhook of the installation, for those who run it.</summary>
internal sealed class OperatorWebhook(IOptions<NotificationOptions> options, WebhookSender sender) : IChannel
{
    public string Name => NotificationChannels.Operator;

    public bool IsOfAccount => false;

    public async Task<Delivery> SendAsync(OutboxItem item, Message message, CancellationToken cancellationToken) =>
        options.Value.WebhookUrl is { Length: > 0 } url && WebhookSignature.KeyOf(options.Value.WebhookSecret) is { } key
            ? await sender.SendAsync(new Uri(url), key, item, message, cancellationToken)
            : Delivery.Unwanted;
}
