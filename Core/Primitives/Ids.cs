using System.Security.Cryptography;

namespace ServerlessAi.Primitives;

/// <summary>Where ids and secrets come from. Tests replace it to make runs repeatable.</summary>
public interface IIdSource
{
    /// <summary>A new operation id: 32 lower-case hexadecimal characters, unique.</summary>
    string NewOperationId();

    /// <summary>A new secret of <paramref name="bytes"/> random bytes, in base62, unguessable.</summary>
    string NewSecret(int bytes);

    /// <summary>A fraction in [0, 1) to spread retries with; not for secrets.</summary>
    double NextJitter();
}

/// <summary>The process's random source; the only place that touches one.</summary>
public sealed class RandomIds : IIdSource
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public string NewOperationId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    // A character carries log2(62) = 5.95 bits; bytes * 8 / 5.95 rounded up keeps the promised strength.
    public string NewSecret(int bytes) => RandomNumberGenerator.GetString(Base62, (bytes * 8 + 4) / 5);

    public double NextJitter() => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);
}
