using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Payments;

/// <summary>Settings of payments.</summary>
public sealed class PaymentOptions
{
    public const string Section = "Payments";

    /// <summary>Who takes the money: <c>stripe</c>, <c>simulated</c> or <c>none</c>. Unset is Stripe when it has a key, else the simulated one on a developer's machine.</summary>
    [RegularExpression("^(stripe|simulated|none)$")]
    public string? Gateway { get; set; }

    /// <summary>ISO 4217, lower case. All prices are in it, and it has cents.</summary>
    [RegularExpression("^[a-z]{3}$")]
    public string Currency { get; set; } = "usd";

    /// <summary>Where a payer comes back to; <c>{order}</c> stands for the order's id. Unset is the app's own address.</summary>
    [Url]
    public string? SuccessUrl { get; set; }

    /// <summary>Where a payer comes back to who did not pay.</summary>
    [Url]
    public string? CancelUrl { get; set; }

    /// <summary>Credits for each of the two after the first purchase of somebody who was referred; 0 gives none.</summary>
    [Range(typeof(decimal), "0", "10000", ParseLimitsInInvariantCulture = true)]
    public decimal ReferralCredits { get; set; } = 5m;

    public StripeOptions Stripe { get; set; } = new();
}

/// <summary>How Stripe is reached.</summary>
public sealed class StripeOptions
{
    /// <summary><c>sk_live_…</c>, <c>sk_test_…</c> or a restricted key.</summary>
    public string? SecretKey { get; set; }

    /// <summary>Whole, with its <c>whsec_</c>. Unset refuses every event.</summary>
    public string? WebhookSecret { get; set; }

    [Url]
    public string BaseUrl { get; set; } = "https://api.stripe.com";

    [Range(1_000, 80_000)]
    public int TimeoutMs { get; set; } = 20_000;

    /// <summary>Whether real money moves. Events of the other mode are not ours.</summary>
    internal bool IsLive => SecretKey?.Contains("_live_", StringComparison.Ordinal) == true;
}

/// <summary>Refuses to start where credits could be had for nothing.</summary>
internal sealed class PaymentOptionsCheck(IServiceProvider services) : IValidateOptions<PaymentOptions>
{
    public ValidateOptionsResult Validate(string? name, PaymentOptions options)
    {
        var environment = services.GetService<IHostEnvironment>();
        if (string.Equals(options.Gateway, "simulated", StringComparison.Ordinal) && environment?.IsDevelopment() == false)
        {
            return ValidateOptionsResult.Fail("Payments:Gateway 'simulated' takes no money; it is for a developer's machine.");
        }

        return string.Equals(options.Gateway, "stripe", StringComparison.Ordinal) && string.IsNullOrEmpty(options.Stripe.SecretKey)
            ? ValidateOptionsResult.Fail("Payments:Gateway 'stripe' needs Payments:Stripe:SecretKey.")
            : ValidateOptionsResult.Success;
    }
}
