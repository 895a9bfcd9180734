using Azure.Core;
using Azure.Core.Pipeline;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Time;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>
/// One machine's way to storage: requests and replies take their time, and each crossing is a place where the machine may die. What a dead machine had
/// sent arrives; no reply reaches it, and nothing of it goes on.
/// </summary>
internal sealed class NetworkLink(SimulatedStorage storage, VirtualTime time, Random random, Machine machine) : HttpPipelineTransport
{
    public override Request CreateRequest() => storage.CreateRequest();

    /// <exception cref="NotSupportedException">Always.</exception>
    public override void Process(HttpMessage message) => throw new NotSupportedException("Storage is used asynchronously.");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        message.CancellationToken.ThrowIfCancellationRequested();
        await machine.PassAsync();
        await Task.Delay(Latency(), time, CancellationToken.None);
        try
        {
            await storage.ProcessAsync(message);
        }
        catch (TaskCanceledException)
        {
            // The storage does not answer; the SDK gives up after a while.
            await Task.Delay(StorageWeather.NetworkTimeout, time, CancellationToken.None);
            await machine.PassAsync();
            throw;
        }
        finally
        {
            await machine.PassAsync();
        }

        await Task.Delay(Latency(), time, CancellationToken.None);
        await machine.PassAsync();
        message.CancellationToken.ThrowIfCancellationRequested();
    }

    private TimeSpan Latency() => TimeSpan.FromMilliseconds(random.Next(30) == 0 ? random.Next(40, 300) : random.Next(1, 12));
}
