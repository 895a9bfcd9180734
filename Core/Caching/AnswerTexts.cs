using ServerlessAi.Storage;

namespace ServerlessAi.Caching;

/// <summary>Takes long texts out of answers before they are stored, and puts them back when they are read. Cache and idempotency keys share one blob.</summary>
public sealed class AnswerTexts(TextBlobs blobs)
{
    // How a character is stored at its longest, as \uXXXX.
    private const int EscapedChars = 6;

    /// <summary>The same answer, whose text is in a blob when it is too long for a row.</summary>
    /// <exception cref="Exception">What <see cref="StorageFaults.IsAny"/> knows, when the text cannot be kept.</exception>
    public async Task<CachedAnswer> KeepAsync(CachedAnswer answer, CancellationToken cancellationToken) => answer.TextBlob is null && IsLong(answer)
        ? answer with { TextBlob = await blobs.SaveAsync(answer.Text!, cancellationToken) }
        : answer;

    /// <returns>The answer with its text; null when the text is gone.</returns>
    public async Task<CachedAnswer?> CompleteAsync(CachedAnswer stored, CancellationToken cancellationToken)
    {
        if (stored.TextBlob is not { } name || stored.Text is not null)
        {
            return stored;
        }

        return await blobs.ReadAsync(name, cancellationToken) is { } text ? stored with { Text = text } : null;
    }

    private static bool IsLong(CachedAnswer answer) => answer.Text is { } text
        && (text.Length > TextBlobs.RowLimit || (text.Length > TextBlobs.RowLimit / EscapedChars / 2 && StoredJson.Write(answer).Length > TextBlobs.RowLimit));
}
