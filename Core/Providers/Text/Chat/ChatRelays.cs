using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers.Text;

/// <summary>Begins relays with the installation's bounds.</summary>
public sealed class ChatRelays(IOptions<ProviderOptions> options, TimeProvider time)
{
    /// <inheritdoc cref="ChatRelay(SendChunk, StreamOptions, TimeSpan, TimeProvider, CancellationToken)"/>
    public ChatRelay Begin(SendChunk send, CancellationToken clientGone) =>
        new(send, options.Value.Stream, TimeSpan.FromMilliseconds(options.Value.TotalTimeoutMs), time, clientGone);
}
