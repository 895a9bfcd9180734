using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;

namespace ServerlessAi.Storage;

/// <summary>Reads that take many pages: one that does not come is asked for again, so that a moment's trouble does not cost all pages before it.</summary>
internal static class LongReads
{
    private const int Attempts = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Rows in the order of their keys.</summary>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsUnavailable"/> knows, when a page does not come at all.</exception>
    public static async IAsyncEnumerable<TableEntity> ReadLongAsync(
        this TableClient client, string filter, TimeProvider time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? continuation = null;
        do
        {
            var page = await ReadPageAsync(client, filter, continuation, time, cancellationToken);
            foreach (var row in page?.Values ?? [])
            {
                yield return row;
            }

            continuation = page?.ContinuationToken;
        }
        while (continuation is not null);
    }

    private static async Task<Page<TableEntity>?> ReadPageAsync(TableClient client, string filter, string? continuation, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken).AsPages(continuation).FirstOrDefaultAsync(cancellationToken);
            }
            catch (Exception exception) when (attempt < Attempts && StorageFaults.IsUnavailable(exception) && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(Pause * attempt, time, cancellationToken);
            }
        }
    }
}
