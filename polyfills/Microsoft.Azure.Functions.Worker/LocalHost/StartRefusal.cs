namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>A refusal to start is one line and exit code 1 for whoever runs the app, and an exception for a test that hosts it.</summary>
internal static class StartRefusal
{
    public static T Guard<T>(bool ownsProcess, Func<T> start)
    {
        try
        {
            return start();
        }
        catch (LocalHostException refusal) when (ownsProcess)
        {
            Exit(refusal);
            throw;
        }
    }

    public static async Task GuardAsync(bool ownsProcess, Func<Task> start)
    {
        try
        {
            await start();
        }
        catch (LocalHostException refusal) when (ownsProcess)
        {
            Exit(refusal);
            throw;
        }
    }

    private static void Exit(LocalHostException refusal)
    {
        Console.Error.WriteLine(refusal.Message);
        Environment.Exit(1);
    }
}
