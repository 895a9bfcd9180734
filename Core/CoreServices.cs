using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using ServerlessAi.Access;
using ServerlessAi.Access.Sealing;
using ServerlessAi.Access.Visitors;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Accounts.Reports;
using ServerlessAi.Caching;
using ServerlessAi.Images;
using ServerlessAi.Notifications;
using ServerlessAi.Payments;
using ServerlessAi.Plans;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Privacy;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Resilience;
using ServerlessAi.Providers.Text;
using ServerlessAi.Reporting;
using ServerlessAi.Storage;
using ServerlessAi.Teams;

namespace ServerlessAi;

/// <summary>Puts the house together, room by room.</summary>
public static class CoreServices
{
    /// <summary>Adds everything the functions use. Options are read from their sections and checked when the app starts.</summary>
    public static IServiceCollection AddServerlessAi(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IIdSource, RandomIds>();
        return services
            .AddStorage(configuration)
            .AddAccess(configuration)
            .AddAccounts(configuration)
            .AddNotifications(configuration)
            .AddPricing()
            .AddPlans()
            .AddTeams()
            .AddPrivacy()
            .AddPayments(configuration)
            .AddReporting()
            .AddCaching(configuration)
            .AddImages(configuration)
            .AddProviders(configuration)
            .AddGateway(configuration);
    }

    /// <summary>Binds one section to one options class and validates it at start.</summary>
    internal static IServiceCollection AddChecked<TOptions>(this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().Bind(configuration.GetSection(section)).ValidateDataAnnotations().ValidateOnStart();
        return services;
    }

    private static IServiceCollection AddStorage(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddChecked<StorageOptions>(configuration, StorageOptions.Section);
        var fallback = new StorageOptionsFallback(configuration);
        services.AddSingleton<IPostConfigureOptions<StorageOptions>>(fallback).AddSingleton<IValidateOptions<StorageOptions>>(fallback);
        services.TryAddSingleton(provider => new StorageConnection(provider.GetRequiredService<IOptions<StorageOptions>>()));
        return services.AddSingleton<Tables>().AddSingleton<TextBlobs>().AddHostedService<Flushing>();
    }

    private static IServiceCollection AddAccess(this IServiceCollection services, IConfiguration configuration) => services
        .AddChecked<AccessOptions>(configuration, AccessOptions.Section)
        .AddSingleton<ApiKeys>()
        .AddSingleton<SealKeys>()
        .AddSingleton<Seals>()
        .AddSingleton<LastingSeals>()
        .AddSingleton<UserTokens>()
        .AddSingleton(provider => new PlatformPrincipals(configuration, provider.GetRequiredService<IOptions<AccessOptions>>()))
        .AddSingleton<GuestCounts>()
        .AddSingleton<Guests>()
        .AddSingleton<Authenticator>();

    private static IServiceCollection AddAccounts(this IServiceCollection services, IConfiguration configuration) => services
        .AddChecked<AccountOptions>(configuration, AccountOptions.Section)
        .AddChecked<BudgetOptions>(configuration, BudgetOptions.Section)
        .AddChecked<PlanOptions>(configuration, PlanOptions.Section)
        .AddSingleton<IValidateOptions<PlanOptions>, PlanOptionsCheck>()
        .AddSingleton<PlanStore>()
        .AddSingleton<ActiveIndex>()
        .AddSingleton<Members>()
        .AddSingleton<AccountStore>()
        .AddSingleton<AccountViews>()
        .AddSingleton<AccountHistory>()
        .AddSingleton<CreditAdmin>()
        .AddSingleton<Unsettled>()
        .AddSingleton<Sweeper>()
        .AddSingleton<SpendReconciler>()
        .AddSingleton<ExpiredClaims>()
        .AddSingleton<Tidier>()
        .AddSingleton<Auditor>()
        .AddSingleton<ClaimBodies>()
        .AddSingleton<Claims>()
        .AddSingleton<BatchClaims>()
        .AddSingleton<Gallery>()
        .AddSingleton<AlertBook>()
        .AddSingleton<Outbox>()
        .AddSingleton<OutboxErasure>()
        .AddSingleton<OutboxQueue>()
        .AddFlushed<UsageLog>()
        .AddFlushed<CacheHits>()
        .AddFlushed<PlatformUse>()
        .AddFlushed<PlatformSpend>();

    private static IServiceCollection AddNotifications(this IServiceCollection services, IConfiguration configuration) => services
        .AddChecked<NotificationOptions>(configuration, NotificationOptions.Section)
        .AddSingleton<IValidateOptions<NotificationOptions>, NotificationOptionsCheck>()
        .AddWebhookHttp()
        .AddSingleton<PreferenceRows>()
        .AddSingleton<CodeAllowance>()
        .AddSingleton<PreferenceBook>()
        .AddSingleton<WebhookSender>()
        .AddSingleton<MailSender>()
        .AddSingleton<IChannel, AccountWebhook>()
        .AddSingleton<IChannel, OperatorWebhook>()
        .AddSingleton<IChannel, MailChannel>()
        .AddSingleton<Intents>()
        .AddSingleton<Deliverer>()
        .AddSingleton<DeadLetters>()
        .AddSingleton<WeeklySummaries>();

    private static IServiceCollection AddPricing(this IServiceCollection services) => services
        .AddSingleton<CatalogStore>()
        .AddSingleton<PriceAdmin>()
        .AddSingleton<Quoter>();

    private static IServiceCollection AddTeams(this IServiceCollection services) => services.AddSingleton<Invites>().AddSingleton<TeamBook>();

    private static IServiceCollection AddPrivacy(this IServiceCollection services) => services.AddSingleton<AccountExport>().AddSingleton<ErasureJobs>().AddSingleton<ErasedRows>().AddSingleton<Partings>().AddSingleton<Erasures>();

    private static IServiceCollection AddCaching(this IServiceCollection services, IConfiguration configuration) => services
        .AddChecked<CacheOptions>(configuration, CacheOptions.Section)
        .AddFlushed<HitCounts>()
        .AddSingleton<AnswerTexts>()
        .AddSingleton<WarmRows>()
        .AddSingleton<AnswerCache>()
        .AddSingleton<StaleAnswers>()
        .AddSingleton<Flights>();

    private static IServiceCollection AddImages(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddChecked<ImageOptions>(configuration, ImageOptions.Section);
        services.AddSingleton<IValidateOptions<ImageOptions>, ImageOptionsCheck>();
        return configuration.GetSection(ImageOptions.Section).Get<ImageOptions>() is { UsesCloudinary: true }
            ? services.AddSingleton<IImageStore, CloudinaryImageStore>()
            : services.AddSingleton<IImageStore, BlobImageStore>();
    }

    private static IServiceCollection AddProviders(this IServiceCollection services, IConfiguration configuration) => services
        .AddChecked<ProviderOptions>(configuration, ProviderOptions.Section)
        .AddVendors(configuration)
        .AddSingleton<ProviderRegistry>()
        .AddSingleton<ChatRelays>()
        .AddMetrics()
        .AddSingleton<ProviderMetrics>()
        .AddSingleton<ProviderGates>()
        .AddSingleton<ProviderChain>();

    private static IServiceCollection AddGateway(this IServiceCollection services, IConfiguration configuration) => services
        .AddChecked<GatewayOptions>(configuration, GatewayOptions.Section)
        .AddSingleton<Throttle>()
        .AddSingleton<ImageWork>()
        .AddSingleton<TextWork>()
        .AddSingleton<SearchWork>()
        .AddSingleton<ChatWork>()
        .AddSingleton<EmbeddingWork>()
        .AddSingleton<ImageGallery>()
        .AddSingleton<ImagePrints>()
        .AddSingleton<Settlements>()
        .AddSingleton<Replays>()
        .AddSingleton<Keeping>()
        .AddSingleton<CreditChanges>()
        .AddHostedService(provider => provider.GetRequiredService<Settlements>())
        .AddSingleton<Gateway>()
        .AddChecked<BatchOptions>(configuration, BatchOptions.Section)
        .AddSingleton<Batches>()
        .AddSingleton<Estimates>()
        .AddSingleton<Glances>()
        .AddSingleton<Renewals>()
        .AddSingleton<WarmCache>()
        .AddSingleton<Health>();

    private static IServiceCollection AddFlushed<T>(this IServiceCollection services)
        where T : class, IFlushed => services.AddSingleton<T>().AddSingleton<IFlushed>(provider => provider.GetRequiredService<T>());
}
