namespace ServerlessAi.Providers.Text;

/// <summary>Answers without any AI: the same prompt always gives the same text. For trying the gateway without a key.</summary>
internal sealed class SampleTextProvider : ITextProvider
{
    private const int BytesPerToken = 4;

    public string Name => ProviderRegistry.Sample;

    public Task<ProviderOutcome<TextResult>> CompleteAsync(TextCall call, CancellationToken cancellationToken)
    {
        var text = $"This is a sample answer of {call.Model}, made without an AI. You asked: {call.Prompt}";
        var words = text.Split(' ');
        var isCut = words.Length > call.MaxOutputTokens;
        var answer = isCut ? string.Join(' ', words.Take(call.MaxOutputTokens)) : text;
        var inputTokens = Math.Max(1, (call.Prompt.Length + (call.System?.Length ?? 0)) / BytesPerToken);
        var outputTokens = Math.Min(call.MaxOutputTokens, Math.Max(1, answer.Length / BytesPerToken));
        return Task.FromResult<ProviderOutcome<TextResult>>(
            new TextResult(answer, isCut ? "length" : "stop", new TokenUsage(inputTokens, outputTokens)));
    }

    public Task<ProviderOutcome<ChatResult>> ForwardAsync(ChatCall call, CancellationToken cancellationToken) =>
        ChatStream.CutAsync(SampleChat.Complete(call), call);
}
