using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Plans;

internal static class PlanServices
{
    public static IServiceCollection AddPlans(this IServiceCollection services) => services.AddSingleton<PlanAdmin>().AddSingleton<Subscriptions>().AddSingleton<UserList>();
}
