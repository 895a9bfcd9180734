using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace ServerlessAi.Providers.Text;

/// <summary>Reads a stream of server-sent events whose every event has one line of data, as vendors of chat completions write them.</summary>
internal static class ServerSentEvents
{
    private static ReadOnlySpan<byte> Data => "data:"u8;

    /// <param name="lineLimit">Bytes of the longest line that is read.</param>
    /// <exception cref="InvalidDataException">A longer line.</exception>
    /// <remarks>The token is asked for anew before each read: how long it may take changes as the stream goes on.</remarks>
    public static async IAsyncEnumerable<string> ReadAsync(Stream stream, int lineLimit, Func<CancellationToken> token)
    {
        var reader = PipeReader.Create(stream);
        while (true)
        {
            var read = await reader.ReadAsync(token());
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                if (DataOf(buffer.Slice(0, end)) is { } data)
                {
                    yield return data;
                }

                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            if (read.IsCompleted)
            {
                // A last line without its end may be half of one.
                break;
            }

            if (buffer.Length > lineLimit)
            {
                throw new InvalidDataException("An event is too long.");
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private static string? DataOf(ReadOnlySequence<byte> line)
    {
        var bytes = line.ToArray().AsSpan().TrimEnd((byte)'\r');
        return bytes.StartsWith(Data) ? Encoding.UTF8.GetString(bytes[Data.Length..]).Trim() : null;
    }
}
