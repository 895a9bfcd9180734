using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Notifications;

/// <summary>How users and operators are told.</summary>
public sealed class NotificationOptions
{
    public const string Section = "Notifications";

    /// <summary>Where the installation's operators are told of what all accounts are told, summaries apart. Unset: nowhere.</summary>
    public string? WebhookUrl { get; set; }

    /// <summary>Signs what goes to <see cref="WebhookUrl"/>: <c>whsec_</c> and 24 to 64 bytes in base64.</summary>
    public string? WebhookSecret { get; set; }

    /// <summary>Lets webhooks go to http and to private addresses: for a receiver on one's own machine or network. Users could reach those, too.</summary>
    public bool AllowPrivate { get; set; }

    /// <summary>How long a webhook's receiver may take to answer.</summary>
    [Range(100, 60_000)]
    public int WebhookTimeoutMs { get; set; } = 10_000;

    /// <summary>A page of the site where users change what they are told; mails link to it. Unset: none.</summary>
    [Url]
    public string? PreferencesUrl { get; set; }

    public SmtpOptions Smtp { get; set; } = new();
}

/// <summary>The mail server that takes our mail. Without a host no mail is sent, and no address is accepted.</summary>
public sealed class SmtpOptions
{
    public string? Host { get; set; }

    [Range(1, 65_535)]
    public int Port { get; set; } = 587;

    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>The sender's address.</summary>
    public string? From { get; set; }

    /// <summary>STARTTLS; implicit TLS, as on port 465, is not to be had.</summary>
    public bool EnableSsl { get; set; } = true;

    [Range(100, 60_000)]
    public int TimeoutMs { get; set; } = 30_000;

    public bool IsConfigured => Host is { Length: > 0 };
}

internal sealed class NotificationOptionsCheck : IValidateOptions<NotificationOptions>
{
    public ValidateOptionsResult Validate(string? name, NotificationOptions options)
    {
        if (options.WebhookUrl is { Length: > 0 } url)
        {
            if (WebhookAddress.Problem(url, options.AllowPrivate) is { } problem)
            {
                return ValidateOptionsResult.Fail($"Notifications__WebhookUrl: {problem}");
            }

            if (WebhookSignature.KeyOf(options.WebhookSecret) is null)
            {
                return ValidateOptionsResult.Fail("Notifications__WebhookSecret must be 'whsec_' and 24 to 64 bytes in base64.");
            }
        }

        return options.Smtp.IsConfigured && !MailAddresses.IsValid(options.Smtp.From)
            ? ValidateOptionsResult.Fail("Notifications__Smtp__From must be a plain e-mail address.")
            : ValidateOptionsResult.Success;
    }
}
