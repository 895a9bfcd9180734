using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Reporting;

internal static class ReportingServices
{
    public static IServiceCollection AddReporting(this IServiceCollection services) => services;
}
