using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Reporting;

internal static class ReportingServices
{
    public static IServiceCollection AddReporting(this IServiceCollection services) => services
        .AddSingleton<RollUps>()
        .AddSingleton<Dashboards>()
        .AddSingleton<UsageReports>()
        .AddSingleton<Analytics>()
        .AddSingleton<Exports>()
        .AddSingleton<Billing>()
        .AddSingleton<Recommendations>()
        .AddSingleton<PlatformReports>();
}
