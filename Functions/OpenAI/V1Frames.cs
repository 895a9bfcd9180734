using System.Text.Json;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Functions.Http;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>
/// OpenAI's stream: chunks, then the usage for those who asked for it, then a chunk without choices that carries our receipt, which clients pass over,
/// then <c>[DONE]</c>.
/// </summary>
internal sealed class V1Frames(bool wantsUsage) : IStreamFrames
{
    private const string Done = "[DONE]";

    public string OfChunk(string json) => json;

    public string BodyOf(Served served) => served.Answer.Text!;

    public IEnumerable<string> OfKnown(string body) => ChatChunks.Of(body).Select(ChatJson.Write);

    public IEnumerable<string> OfEnd(Served served, string body)
    {
        if (wantsUsage && ChatChunks.UsageOf(body) is { } usage)
        {
            yield return ChatJson.Write(usage);
        }

        var last = ChatChunks.Empty(body);
        last["serverlessai"] = JsonSerializer.SerializeToNode(StreamEnd.Of(served), Wire.Json);
        yield return ChatJson.Write(last);
        yield return Done;
    }
}

/// <summary>What a stream tells at its end: what the call used and cost.</summary>
internal sealed record StreamEnd(string Model, string Provider, UsageOutput Usage, decimal CreditsUsed, bool Cached, Receipt Receipt)
{
    public static StreamEnd Of(Served served)
    {
        var (receipt, usage) = (served.Receipt, served.Answer.Usage);
        return new StreamEnd(
            receipt.ModelServed, receipt.Provider,
            new UsageOutput(usage.InputTokens, usage.OutputTokens, usage.CachedInputTokens, usage.ReasoningTokens, usage.Source),
            receipt.CreditsCharged, receipt.Cached, receipt);
    }
}
