using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessAi.Providers.Images.Sample;

/// <summary>Numbers that look random and are always the same for the same text (SplitMix64, seeded from SHA-256).</summary>
internal sealed class Dice(string seed)
{
    private ulong state = BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(seed)));

    /// <summary>From 0 up to 1, exclusive.</summary>
    public float Next()
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return ((mixed ^ (mixed >> 31)) >> 40) / (float)(1 << 24);
    }

    public float Between(float low, float high) => low + (high - low) * Next();
}
