using System.Globalization;
using System.Net.Mail;
using ServerlessAi.Accounts;

namespace ServerlessAi.Notifications;

/// <summary>Mail to the address that an account's owner has confirmed; codes to the one that waits for it.</summary>
internal sealed class MailChannel(PreferenceBook preferences, MailSender sender) : IChannel
{
    public string Name => NotificationChannels.Email;

    public bool IsOfAccount => true;

    public async Task<Delivery> SendAsync(OutboxItem item, Message message, CancellationToken cancellationToken)
    {
        var wanted = await preferences.ReadAsync(item.AccountId, cancellationToken);
        if (AddressOf(item, wanted) is not { } address || !sender.IsConfigured)
        {
            return Delivery.Unwanted;
        }

        try
        {
            await sender.SendAsync(address, item.Id, message, cancellationToken);
            return Delivery.Sent;
        }
        catch (SmtpFailedRecipientException exception) when (MailSender.IsFinal(exception.StatusCode))
        {
            await preferences.SwitchOffEmailAsync(item.AccountId, address, cancellationToken);
            return Delivery.Refused(Code(exception));
        }
        catch (SmtpException exception)
        {
            return MailSender.IsFinal(exception.StatusCode)
                ? Delivery.Refused(Code(exception))
                : Delivery.Failed(Code(exception)) with { IsOfChannel = MailSender.IsAboutTheServer(exception.StatusCode) };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Delivery.Failed("timeout") with { IsOfChannel = true };
        }
    }

    private static string? AddressOf(OutboxItem item, Preferences wanted) => item.Kind is NotificationKinds.ConfirmAddress
        ? wanted.Pending is { } pending && string.Equals(pending.CodeHash, PreferenceBook.HashOf(CodeBody.Read(item.Body!)), StringComparison.Ordinal) ? pending.Email : null
        : wanted.Wants(item.Kind, NotificationChannels.Email) ? wanted.Email : null;

    private static string Code(SmtpException exception) => string.Create(CultureInfo.InvariantCulture, $"smtp_{(int)exception.StatusCode}");
}
