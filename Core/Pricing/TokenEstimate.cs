using System.Text;

namespace ServerlessAi.Pricing;

/// <summary>How many tokens a prompt has at most, guessed before a provider counts them.</summary>
/// <remarks>
/// Byte-pair vocabularies average about four bytes of English and about three of code or of East Asian text in a token. One token for each
/// three UTF-8 bytes, and a few for the frame of a chat message, is above the true count for nearly every prompt; where it is not, settling
/// takes the difference from the balance.
/// </remarks>
public static class TokenEstimate
{
    private const int BytesPerToken = 3;
    private const int FrameTokens = 16;

    public static int OfPrompt(string prompt) => (Encoding.UTF8.GetByteCount(prompt) + BytesPerToken - 1) / BytesPerToken + FrameTokens;

    /// <summary>The same for a prompt of many parts, by the bytes of all of them.</summary>
    public static int OfBytes(long bytes) => (int)Math.Min((bytes + BytesPerToken - 1) / BytesPerToken, int.MaxValue / 2);

    /// <summary>How many tokens an answer took whose provider did not count them.</summary>
    public static int OfAnswer(string text) => (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken;
}
