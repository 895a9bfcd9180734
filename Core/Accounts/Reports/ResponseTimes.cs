using System.Collections.Immutable;

namespace ServerlessAi.Accounts.Reports;

/// <summary>
/// Response times as counts in buckets that grow by a fifth: bucket 0 is up to a millisecond, bucket n ends at 1.2^n milliseconds. What is read from them is
/// the geometric middle of a bucket, so it is at most 10 % off (the square root of 1.2), however many times were counted. Ten minutes is bucket 73.
/// </summary>
public static class ResponseTimes
{
    private const double Growth = 1.2;
    private const int Last = 90;

    public static int BucketOf(long ms) => ms <= 1 ? 0 : Math.Min(Last, (int)Math.Ceiling(Math.Log(ms) / Math.Log(Growth) - 1e-9));

    /// <summary>Milliseconds within which a share of all answers came; null when none did.</summary>
    /// <param name="share">0.5 for the median, 0.95 for the 95th percentile.</param>
    public static long? Quantile(ImmutableSortedDictionary<int, long> times, double share)
    {
        var wanted = (long)Math.Ceiling(times.Values.Sum() * share);
        foreach (var (bucket, count) in times)
        {
            wanted -= count;
            if (wanted <= 0)
            {
                return bucket == 0 ? 1 : (long)Math.Round(Math.Pow(Growth, bucket - 0.5));
            }
        }

        return null;
    }
}
