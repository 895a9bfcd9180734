using System.Text.Json;
using System.Text.Json.Nodes;
using ServerlessAi.Functions.Generation;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Functions.OpenAI;

/// <summary>How a stream of a completion is written: what goes out for a chunk, at its end, and when it fails.</summary>
public interface IStreamFrames
{
    /// <returns>The event's data; null when this chunk says nothing to the client.</returns>
    string? OfChunk(string json);

    /// <summary>What follows the last chunk.</summary>
    IEnumerable<string> OfEnd(Served served);

    IEnumerable<string> OfRefusal(Refusal refusal);
}

/// <summary>
/// OpenAI's stream: chunks, then the usage for those who asked for it, then a chunk without choices that carries our receipt, which clients pass over,
/// then <c>[DONE]</c>.
/// </summary>
internal sealed class V1Frames(bool wantsUsage) : IStreamFrames
{
    private const string Done = "[DONE]";

    public string OfChunk(string json) => json;

    public IEnumerable<string> OfEnd(Served served)
    {
        var completion = served.Answer.Text!;
        if (wantsUsage && ChatChunks.UsageOf(completion) is { } usage)
        {
            yield return ChatJson.Write(usage);
        }

        var last = ChatChunks.Empty(completion);
        last["serverlessai"] = JsonSerializer.SerializeToNode(StreamEnd.Of(served), Wire.Json);
        yield return ChatJson.Write(last);
        yield return Done;
    }

    public IEnumerable<string> OfRefusal(Refusal refusal) =>
        [JsonSerializer.Serialize(OpenAIShape.Of(refusal, Problems.StatusOf(refusal.Code)), Wire.Json)];
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
