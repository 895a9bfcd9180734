using System.Text;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Simulator.Time;

namespace ServerlessAi.Simulation.Vendors;

/// <summary>
/// The body of a vendor's answer, as a connection gives it: piece by piece, each after its pause, to be read once. Each piece is a place where the machine
/// may die.
/// </summary>
internal sealed class VendorBody(IEnumerable<VendorBody.Piece> pieces, Machine machine, VirtualTime time) : Stream
{
    private readonly Queue<Piece> coming = new(pieces);
    private ReadOnlyMemory<byte> left;

    /// <param name="Text">Null: the connection breaks.</param>
    public readonly record struct Piece(TimeSpan Pause, string? Text);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (left.IsEmpty && coming.TryPeek(out var next))
        {
            await Task.Delay(next.Pause, time, cancellationToken);
            await machine.PassAsync();
            coming.Dequeue();
            left = Encoding.UTF8.GetBytes(next.Text ?? throw new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely."));
        }

        var count = Math.Min(buffer.Length, left.Length);
        left[..count].CopyTo(buffer);
        left = left[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Nobody waits here without a clock.");

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
