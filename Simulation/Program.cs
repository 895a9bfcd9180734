using ServerlessAi.Simulation.Runs;

// The app checks how its services fit together whenever it starts in Development; once is enough, and other tests do.
Environment.SetEnvironmentVariable("AZURE_FUNCTIONS_ENVIRONMENT", "Production");
if (CampaignOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine("Usage: " + CampaignOptions.Usage);
    return 2;
}

return options.IsWorker ? Worker.Run(options) : new Campaign(options).Run();
