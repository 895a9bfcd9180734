using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions;

/// <summary>Builds the app; tests build the same one with their own clock and network.</summary>
public static class AppHost
{
    /// <param name="configure">Runs before the app registers its own, so that what it registers wins.</param>
    public static IHost Build(string[] args, Action<FunctionsApplicationBuilder>? configure = null)
    {
        // Numbers and dates read the same wherever the app runs; texts keep the full Unicode tables.
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var builder = FunctionsApplication.CreateBuilder(args);
        configure?.Invoke(builder);
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<ProblemMiddleware>();
        builder.UseMiddleware<AccessMiddleware>();
        builder.Services.AddServerlessAi(builder.Configuration);
        builder.Services.AddSingleton<AccessRules>().AddSingleton<ReceiptHeaders>().AddSingleton<KeyedAnswers>().AddSingleton<BillableRequests>().AddSingleton<ImageJobs>().AddSingleton<AnswerStreams>().AddSingleton<ItemBodies>();
        builder.Services.Configure<JsonOptions>(options => Wire.Configure(options.JsonSerializerOptions));
        // Requests under way, and settlements that storage did not take yet, get this long when the app stops.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        return builder.Build();
    }
}
