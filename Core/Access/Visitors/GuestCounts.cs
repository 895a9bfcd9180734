using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Options;
using ServerlessAi.Access.Sealing;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Access.Visitors;

/// <summary>
/// Counts a network's new guests of a day: one row each, changed only as it was read. Its key is a keyed hash, whose secret lies in another service than
/// the rows: they alone do not tell who came.
/// </summary>
public sealed class GuestCounts(Tables tables, SealKeys keys, IIdSource ids, IOptions<AccessOptions> options, TimeProvider time)
{
    private const string Count = "Count";
    private const int WriteAttempts = 8;
    private const int RememberedLimit = 10_000;

    // Networks that have had their guests: to be told so again costs them nothing, and should cost storage nothing.
    private readonly ConcurrentDictionary<(string Day, string Network), bool> full = new();

    /// <returns>Null when one more guest may come.</returns>
    public async ValueTask<Refusal?> AdmitAsync(IPAddress? address, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var (day, network) = (Day(now), Hash((await keys.GetAsync(cancellationToken)).Pepper, Network.Of(address)));
        if (full.ContainsKey((day, network)))
        {
            return TooMany(now);
        }

        var client = await tables.GetAsync(TableNames.Guests);
        for (var attempt = 0; attempt < WriteAttempts; attempt++)
        {
            var found = await client.GetEntityIfExistsAsync<TableEntity>(day, network, cancellationToken: cancellationToken);
            var count = found.HasValue ? found.Value!.GetInt32(Count) ?? 0 : 0;
            if (count >= options.Value.GuestsPerNetworkPerDay)
            {
                Remember(day, network);
                return TooMany(now);
            }

            try
            {
                // A write whose reply is lost counts once too often: a guest fewer, never one more.
                var row = new TableEntity(day, network) { [Count] = count + 1 };
                await (found.HasValue
                    ? client.UpdateEntityAsync(row, found.Value!.ETag, TableUpdateMode.Replace, cancellationToken)
                    : client.AddEntityAsync(row, cancellationToken));
                return null;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception) || StorageFaults.IsMissing(exception))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1 + ids.NextJitter() * (10 << attempt)), time, cancellationToken);
            }
        }

        return new Refusal(RefusalCodes.RateLimited, "Too many visitors come from this network at the same moment. Try again.", TimeSpan.FromSeconds(1));
    }

    /// <summary>Deletes the counts of days that are over.</summary>
    public async Task TidyAsync(CancellationToken cancellationToken)
    {
        // Not yesterday's: another instance's clock may be a little behind.
        var before = Day(time.GetUtcNow().AddDays(-1));
        var client = await tables.GetAsync(TableNames.Guests);
        await foreach (var page in client.QueryAsync<TableEntity>(row => row.PartitionKey.CompareTo(before) < 0, Deletions.RowsLimit, cancellationToken: cancellationToken).AsPages().WithCancellation(cancellationToken))
        {
            foreach (var rows in page.Values.GroupBy(row => row.PartitionKey, StringComparer.Ordinal))
            {
                await client.DeleteUnchangedAsync([.. rows], cancellationToken);
            }
        }
    }

    private static Refusal TooMany(DateTimeOffset now) => new(
        RefusalCodes.RateLimited,
        "This network has had its visitors of today. Sign in, or come back tomorrow.",
        new DateTimeOffset(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero) - now);

    private void Remember(string day, string network)
    {
        if (full.Count >= RememberedLimit)
        {
            full.Clear();
        }

        full[(day, network)] = true;
    }

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static string Hash(string pepper, string network) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(pepper), Encoding.UTF8.GetBytes(network)));
}
