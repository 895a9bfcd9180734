using System.Globalization;
using System.Text;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Notifications;

/// <summary>
/// How many codes an address may get in a day, from all accounts together. Each takes a row of the outbox's table, <c>limit|day</c>, whose key is one of
/// few: whoever finds all of them taken sends nothing. They say of the address only its hash.
/// </summary>
public sealed class CodeAllowance(Tables tables)
{
    public const int PerAddressAndDay = 5;

    public const string First = "limit|";

    /// <returns>Null when one more may be sent.</returns>
    public async Task<Refusal?> TakeAsync(string email, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Outbox);
        var hash = Digest.Of(Encoding.UTF8.GetBytes(email.ToLowerInvariant()));
        for (var place = 0; place < PerAddressAndDay; place++)
        {
            try
            {
                await client.AddEntityAsync(new TableEntity(PartitionOf(now), string.Create(CultureInfo.InvariantCulture, $"{hash}|{place}")), cancellationToken);
                return null;
            }
            catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
            {
                // Taken; maybe the next is not.
            }
        }

        return Refuse(new DateTimeOffset(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero) - now);
    }

    public static string PartitionOf(DateTimeOffset day) => First + day.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    public static Refusal Refuse(TimeSpan wait) => new(RefusalCodes.RateLimited, "Too many codes were sent today. Nothing was changed.", wait);
}
