using ServerlessAi.Bench;

switch (args)
{
    case ["streams"]:
        await StreamBenchmark.RunAsync(Console.Out);
        return 0;
    default:
        Console.Error.WriteLine("Usage: ./dev bench streams");
        return 2;
}
