namespace System.IO.Hashing;

public abstract class NonCryptographicHashAlgorithm
{
}
