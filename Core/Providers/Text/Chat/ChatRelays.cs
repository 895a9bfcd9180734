using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers.Text;

/// <summary>Begins relays with the installation's bounds.</summary>
/// <param name="lifetime">The app's; null for one that never has to stop.</param>
public sealed class ChatRelays(IOptions<ProviderOptions> options, TimeProvider time, IHostApplicationLifetime? lifetime = null)
{
    /// <inheritdoc cref="ChatRelay(SendChunk, StreamOptions, TimeSpan, TimeProvider, CancellationToken, CancellationToken)"/>
    public ChatRelay Begin(SendChunk send, CancellationToken clientGone) =>
        new(send, options.Value.Stream, TimeSpan.FromMilliseconds(options.Value.TotalTimeoutMs), time, clientGone, lifetime?.ApplicationStopping ?? CancellationToken.None);

    /// <summary>Runs a vendor's call that is not waited for longer than its relay lives: without a client, or time, an answer that has not begun is of no use.</summary>
    internal static async Task<ProviderOutcome<ChatResult>> WaitAsync(
        ChatCall call, CancellationToken cancellationToken, Func<CancellationToken, Task<ProviderOutcome<ChatResult>>> ask)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.Relay?.Life ?? CancellationToken.None);
        try
        {
            return await ask(waiting.Token);
        }
        catch (OperationCanceledException) when (call.Relay?.Life.IsCancellationRequested == true)
        {
            var failed = ProviderOutcome<ChatResult>.Failed(ProviderFailure.Timeout, "The client has left, the app stops, or all time is used up, before an answer began.");
            return failed with { IsAbandoned = call.Relay.IsCutShort };
        }
    }
}
