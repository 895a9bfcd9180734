using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ServerlessAi.Providers.Text;

/// <summary>
/// Reads a vendor's stream of chunks and passes it on, without the usage, which is told once at the end. Before a chunk has gone out, what breaks is a
/// failure, and another model may be asked. After words have, it is a partial result.
/// </summary>
internal static class ChatStream
{
    private const int EventLimit = 4 * 1024 * 1024;
    private const long TextLimit = 8 * 1024 * 1024;

    /// <param name="events">Reads what this vendor's events say.</param>
    /// <param name="first">Limits the wait until something is sent; from then on the relay does.</param>
    public static async Task<ProviderOutcome<ChatResult>> ReadAsync(Stream stream, ChatCall call, IChatEvents events, CancellationToken first)
    {
        var relay = call.Relay!;
        var assembly = new ChatAssembly();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(first, relay.Life);
        try
        {
            await foreach (var data in ServerSentEvents.ReadAsync(stream, EventLimit, () => relay.HasStarted ? relay.Life : either.Token))
            {
                var said = events.Read(data);
                if (said.IsEnd)
                {
                    return Whole(call, assembly);
                }

                if ((said.Failure ?? await PassOnAsync(said, assembly, relay)) is { } problem)
                {
                    return Broken(call, assembly, problem);
                }
            }
        }
        catch (OperationCanceledException) when (relay.Life.IsCancellationRequested)
        {
            return Broken(call, assembly, Failed(ProviderFailure.Timeout, "The stream did not come to its end in time.") with { IsAbandoned = relay.IsCutShort });
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            return Broken(call, assembly, Failed(VendorErrors.FromNetwork(exception), VendorErrors.Shorten(exception.Message, key: null)));
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException)
        {
            return Broken(call, assembly, Failed(ProviderFailure.BadAnswer, "The stream is not what the vendor documents."));
        }

        // Some compatible servers just stop when they are done.
        return assembly.IsFinished ? Whole(call, assembly) : Broken(call, assembly, Failed(ProviderFailure.ConnectionLost, "The stream ended before its end."));
    }

    /// <summary>Sends a whole completion as chunks, for those that have no stream of their own.</summary>
    public static async Task<ProviderOutcome<ChatResult>> CutAsync(ChatResult result, ChatCall call)
    {
        foreach (var chunk in call.Relay is null ? [] : ChatChunks.Of(result.Json))
        {
            var text = (chunk["choices"] as JsonArray ?? []).Sum(choice => ChatAssembly.TextBytesOf(choice?["delta"]));
            await call.Relay!.SendAsync(Encoding.UTF8.GetBytes(ChatJson.Write(chunk)), text);
        }

        return result;
    }

    /// <returns>What is wrong; null when it went on.</returns>
    private static async ValueTask<ProviderOutcome<ChatResult>?> PassOnAsync(ChatEvent said, ChatAssembly assembly, ChatRelay relay)
    {
        if (assembly.TextBytes > TextLimit)
        {
            return Failed(ProviderFailure.BadAnswer, "The stream is too long.");
        }

        if (said.Chunk is not { } chunk)
        {
            relay.StayAwake();
            return null;
        }

        var textBytes = assembly.Add(chunk);
        var isOnlyUsage = chunk["usage"] is not null && chunk["choices"] is JsonArray { Count: 0 };
        if (!isOnlyUsage)
        {
            await relay.SendAsync(Encoding.UTF8.GetBytes(!chunk.Remove("usage") && said.Json is { } json ? json : ChatJson.Write(chunk)), textBytes);
        }
        else
        {
            relay.StayAwake();
        }

        return null;
    }

    private static ProviderOutcome<ChatResult> Whole(ChatCall call, ChatAssembly assembly) => assembly.HasChoices
        ? new ChatResult(assembly.ToJson(), ChatUsage.Read(assembly.Usage) ?? ChatJson.Estimate(call, assembly.TextBytes))
        : Broken(call, assembly, Failed(ProviderFailure.BadAnswer, "The stream has no choices."));

    private static ProviderOutcome<ChatResult> Broken(ChatCall call, ChatAssembly assembly, ProviderOutcome<ChatResult> failure)
    {
        if (call.Relay!.SentTextBytes > 0)
        {
            return failure.Broken(new ChatResult(assembly.ToJson(), ChatJson.Estimate(call, call.Relay.SentTextBytes)) { IsPartial = true });
        }

        // Words came, and nobody was there to take them: whatever the vendor says now, it did work that it may bill.
        return assembly.TextBytes > 0 && failure.Failure?.MayHaveCost() == false ? Failed(ProviderFailure.ConnectionLost, failure.Detail) : failure;
    }

    private static ProviderOutcome<ChatResult> Failed(ProviderFailure failure, string? detail) => ProviderOutcome<ChatResult>.Failed(failure, detail);
}
