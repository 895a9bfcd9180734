using System.Collections.Concurrent;

namespace ServerlessAi.Caching;

/// <summary>Makes one request of many identical ones call the provider while the others wait for its answer, on this instance.</summary>
public sealed class Flights
{
    private readonly ConcurrentDictionary<string, Flight> underWay = new(StringComparer.Ordinal);

    /// <summary>Joins the flight of a hash, or starts it. Whoever started it must dispose of it, landed or not.</summary>
    public Flight Join(string hash)
    {
        var own = new Flight(this, hash);
        var flight = underWay.GetOrAdd(hash, own);
        return ReferenceEquals(flight, own) ? own : new Flight(flight);
    }

    /// <summary>One request's seat.</summary>
    public sealed class Flight : IDisposable
    {
        private readonly Flights? flights;
        private readonly string hash;
        private readonly TaskCompletionSource<CachedAnswer?> landing;

        internal Flight(Flights flights, string hash)
        {
            this.flights = flights;
            this.hash = hash;
            landing = new TaskCompletionSource<CachedAnswer?>(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        internal Flight(Flight leader)
        {
            hash = leader.hash;
            landing = leader.landing;
        }

        public bool IsLeader => flights is not null;

        /// <summary>The leader's answer; null when it got none.</summary>
        public Task<CachedAnswer?> Landing => landing.Task;

        /// <summary>The leader has an answer for all.</summary>
        public void Land(CachedAnswer answer) => landing.TrySetResult(answer);

        public void Dispose()
        {
            if (flights is not null)
            {
                flights.underWay.TryRemove(new KeyValuePair<string, Flight>(hash, this));
                landing.TrySetResult(null);
            }
        }
    }
}
