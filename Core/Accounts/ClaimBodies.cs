using Azure.Data.Tables;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>The bodies that answer idempotency keys: in the key's row, or in a blob that the row names.</summary>
public sealed class ClaimBodies(TextBlobs texts)
{
    /// <summary>The property that names the blob of a body that is too long for its row.</summary>
    internal const string RenderedBlob = "RenderedBlob";

    internal const string Rendered = "Rendered";

    /// <summary>Puts a body into a row that is about to be written. A payload shares the row and its limit, so only a body that is short as well goes beside it.</summary>
    public async Task<TableEntity> AddAsync(TableEntity row, string body, CancellationToken cancellationToken)
    {
        if (body.Length <= TextBlobs.RowLimit)
        {
            LongText.Write(row, Rendered, body);
        }
        else
        {
            row[RenderedBlob] = await texts.SaveAsync(body, cancellationToken);
        }

        return row;
    }

    /// <returns>Null when the row has none, or its blob is gone.</returns>
    public async Task<string?> ReadAsync(TableEntity row, CancellationToken cancellationToken)
    {
        if (row.ContainsKey(Rendered))
        {
            return LongText.Read(row, Rendered);
        }

        return row.GetString(RenderedBlob) is { } name ? await texts.ReadAsync(name, cancellationToken) : null;
    }
}
