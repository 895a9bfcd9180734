using ServerlessAi.Bench;

switch (args)
{
    case ["streams"]:
        await StreamBenchmark.RunAsync(Console.Out, connectionString: null);
        return 0;
    case ["streams", "--storage", var connectionString]:
        await StreamBenchmark.RunAsync(Console.Out, connectionString);
        return 0;
    case ["dashboard"]:
        await DashboardBenchmark.RunAsync(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("Usage: ./dev bench streams [--storage CONNECTION_STRING] | dashboard");
        return 2;
}
