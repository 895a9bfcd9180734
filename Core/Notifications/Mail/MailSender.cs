using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Text;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Notifications;

/// <summary>Hands mail to the configured server over SMTP. The Message-ID is made of the item's id: a server that has seen it may drop the repetition.</summary>
internal sealed class MailSender(IOptions<NotificationOptions> options, TimeProvider time)
{
    // RFC 5321 section 4.2.3 and RFC 4954 section 6: commands that are not known or not allowed, and who we are.
    private static readonly int[] NotAboutTheMail = [500, 502, 503, 504, 530, 534, 535, 538];

    private const int ServiceNotAvailable = 421;

    public bool IsConfigured => options.Value.Smtp.IsConfigured;

    /// <summary>Whether a server's reply says no for good (RFC 5321, section 4.2.1: 5yz).</summary>
    public static bool IsFinal(SmtpStatusCode status) => (int)status is >= 500 and < 600 && !NotAboutTheMail.Contains((int)status);

    /// <summary>Whether the server would take no other mail either: it was not reached, is closing, or does not know us.</summary>
    public static bool IsAboutTheServer(SmtpStatusCode status) =>
        status == SmtpStatusCode.GeneralFailure || (int)status == ServiceNotAvailable || NotAboutTheMail.Contains((int)status);

    /// <exception cref="SmtpException">The server did not take it.</exception>
    /// <exception cref="OperationCanceledException">It did not answer in time.</exception>
    public async Task SendAsync(string address, string itemId, Message message, CancellationToken cancellationToken)
    {
        var smtp = options.Value.Smtp;
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(smtp.TimeoutMs), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using var client = new SmtpClient(smtp.Host, smtp.Port) { EnableSsl = smtp.EnableSsl, DeliveryFormat = SmtpDeliveryFormat.SevenBit };
        if (smtp.User is { Length: > 0 } user)
        {
            client.Credentials = new NetworkCredential(user, smtp.Password);
        }

        using var mail = Compose(smtp.From!, address, itemId, message);
        await client.SendMailAsync(mail, either.Token);
    }

    private MailMessage Compose(string from, string to, string itemId, Message message)
    {
        if (!MailAddresses.IsValid(to))
        {
            throw new InvalidOperationException("An address was stored that is none.");
        }

        var page = options.Value.PreferencesUrl;
        // RFC 5322: lines end with both.
        var text = (message.Text + "\n" + (page is null ? "" : $"\nChange what you are told: {page}\n")).ReplaceLineEndings("\r\n");
        var isPlain = Ascii.IsValid(text);
        var mail = new MailMessage(new MailAddress(from), new MailAddress(to))
        {
            Subject = OneLine(message.Subject),
            SubjectEncoding = Encoding.UTF8,
            Body = text,
            BodyEncoding = isPlain ? Encoding.ASCII : Encoding.UTF8,
            BodyTransferEncoding = isPlain ? TransferEncoding.SevenBit : TransferEncoding.Base64,
            IsBodyHtml = false,
        };
        mail.Headers.Add("Message-ID", $"<{itemId}@{MailAddresses.DomainOf(from)}>");
        // RFC 2369; RFC 3834 keeps automatic answers away.
        mail.Headers.Add("List-Unsubscribe", page is null ? $"<mailto:{from}?subject=unsubscribe>" : $"<{OneLine(page)}>, <mailto:{from}?subject=unsubscribe>");
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        return mail;
    }

    // Whatever a name of a model or a limit holds, it stays on its line.
    private static string OneLine(string text) => new([.. text.Select(unit => char.IsControl(unit) ? ' ' : unit)]);
}
