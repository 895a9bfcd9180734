using Microsoft.Extensions.Logging;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>Writes the warnings and errors of one machine into the world's trace.</summary>
internal sealed class MachineLog(World world, Machine machine) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && machine.IsAlive;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            world.Trace($"machine {machine.Number} {logLevel}: {formatter(state, exception)} {exception}");
        }
    }

    public void Dispose()
    {
        // Nothing to let go of.
    }
}
