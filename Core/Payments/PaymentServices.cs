using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Payments.Giving;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Payments.Stripe;

namespace ServerlessAi.Payments;

internal static class PaymentServices
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5);

    public static IServiceCollection AddPayments(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddChecked<PaymentOptions>(configuration, PaymentOptions.Section);
        services.AddSingleton<IValidateOptions<PaymentOptions>, PaymentOptionsCheck>();
        services.AddHttpClient(StripeGateway.Client, (provider, client) => StripeGateway.Configure(client, provider.GetRequiredService<IOptions<PaymentOptions>>().Value.Stripe))
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.ConnectTimeout = ConnectTimeout;
                handler.PooledConnectionLifetime = ConnectionLife;
                // An answer must not send the key to another host.
                handler.AllowAutoRedirect = false;
                handler.UseCookies = false;
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // The factory's own log lines name URLs, and those name customers.
            .RemoveAllLoggers();
        return services
            .AddSingleton<Packages>()
            .AddSingleton<PromoCodes>()
            .AddSingleton<OrderStore>()
            .AddSingleton<Agenda>()
            .AddSingleton<Rounds>()
            .AddSingleton<Payers>()
            .AddSingleton<Referrals>()
            .AddSingleton<TypedCodes>()
            .AddSingleton<CodeUses>()
            .AddSingleton<OrderCodes>()
            .AddSingleton<Redemptions>()
            .AddSingleton<PayBacks>()
            .AddSingleton<PlanEndings>()
            .AddSingleton<DeclineNews>()
            .AddSingleton<Fulfilment>()
            .AddSingleton<PaymentEvents>()
            .AddSingleton<StripeSignature>()
            .AddSingleton<StripeGateway>()
            .AddSingleton<SimulatedGateway>()
            .AddSingleton(Choose)
            .AddSingleton<Checkouts>()
            .AddSingleton<Purchases>()
            .AddSingleton<PlanPurchases>()
            .AddSingleton<Refunds>()
            .AddSingleton<Wishes>()
            .AddSingleton<Charges>()
            .AddSingleton<PlanRenewals>()
            .AddSingleton<TopUps>()
            .AddSingleton<Transfers>()
            .AddSingleton<Handover>()
            .AddSingleton<Gifts>()
            .AddSingleton<UnfinishedGifts>()
            .AddSingleton<PaymentExport>()
            .AddSingleton<Farewells>()
            .AddSingleton<OrderTimer>();
    }

    private static ConfiguredGateway Choose(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<PaymentOptions>>().Value;
        var isDevelopment = provider.GetRequiredService<IHostEnvironment>().IsDevelopment();
        var name = options.Gateway ?? (options.Stripe.SecretKey is { Length: > 0 } ? StripeGateway.GatewayName : isDevelopment ? SimulatedGateway.GatewayName : "none");
        return new ConfiguredGateway(name switch
        {
            StripeGateway.GatewayName => provider.GetRequiredService<StripeGateway>(),
            SimulatedGateway.GatewayName => provider.GetRequiredService<SimulatedGateway>(),
            _ => null,
        });
    }
}
