namespace ServerlessAi.Tests.Fuzz;

/// <summary>Repeatable choices: request n of a seed is the same in every run, whatever the others do.</summary>
internal sealed class Dice(int seed, int number)
{
    private readonly Random random = new(HashCodeOf(seed, number));

    public int Below(int limit) => random.Next(limit);

    public bool OneIn(int count) => random.Next(count) == 0;

    public T Of<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    // Neighbouring seeds of Random give related sequences, so they are spread first. HashCode differs from process to process.
    private static int HashCodeOf(int seed, int number)
    {
        unchecked
        {
            var mixed = ((ulong)(uint)seed << 32 | (uint)number) + 0x9E3779B97F4A7C15;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return (int)(mixed >> 33);
        }
    }
}
