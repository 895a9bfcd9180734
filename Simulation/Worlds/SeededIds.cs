using System.Globalization;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>Ids and jitter of one machine, from the seed. Each id is noted with the request it was made for.</summary>
internal sealed class SeededIds(Random random) : IIdSource
{
    public string NewOperationId()
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"{random.NextInt64():x16}{random.NextInt64():x16}");
        Exchange.Current?.OperationIds.Add(id);
        return id;
    }

    public string NewSecret(int bytes) => NewOperationId();

    public double NextJitter() => random.NextDouble();
}
