using ServerlessAi.Pricing;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers.VendorTable;

/// <summary>Every vendor that the app can be set up for. Troubles that they all have in common are added to each of its own.</summary>
internal static class Vendors
{
    private static readonly TokenUsage Nothing = new(0, 0);

    public static IReadOnlyList<Vendor> All { get; } =
    [
        OpenAI("openai", "openai-gpt-4.1", ModelKind.Text, new TokenUsage(12, 8, 4, 2)) with { Stream = OpenAIStream.Of("one two three", new StandInUsage()) },
        Azure(),
        Anthropic(),
        Compatible("gemini", "gemini-3.8-flash", TextTroubles.Gemini, new TokenUsage(21, 65), CompatibleStandIn.GeminiThought, OpenAIStream.Of("one two three", new StandInUsage(21, 65, 0, 0))),
        Compatible(
            "mistral", "mistral-large-4-0", TextTroubles.Mistral, new TokenUsage(4, 9), CompatibleStandIn.MistralParts,
            OpenAIStream.Of("one two three", new StandInUsage(4, 9, 0, 0)) with { UsageInLastChoice = true }),
        Compatible("deepseek", "deepseek-v4-pro", TextTroubles.DeepSeek, new TokenUsage(100, 20, 64, 7), CompatibleStandIn.DeepSeekCached, OpenAIStream.Of("one two three", new StandInUsage(100, 20, 64, 7))),
        Compatible("groq", "groq-gpt-oss-120b", TextTroubles.Groq, new TokenUsage(18, 5), CompatibleStandIn.GroqTimed, OpenAIStream.Of("one two three", new StandInUsage(18, 5, 0, 0))),
        OpenAI("openai images, base64", "openai-gpt-image-1", ModelKind.Image, Nothing),
        OpenAI("openai images, URL", "openai-gpt-image-1", ModelKind.Image, Nothing) with { Success = vendor => OpenAIStandIn.ImageAt(vendor.BaseUrl + "/picture.png") },
        Fal("fal", "sync", OtherTroubles.Fal),
        Fal("fal, queue", "queue", [.. OtherTroubles.Fal, .. OtherTroubles.FalQueue]),
        new Vendor("stability", "stability", ModelKind.Image, "stability-core", Common.With(OtherTroubles.Stability))
        {
            Start = async () => await StabilityStandIn.StartAsync(),
            Settings = vendor => [("Providers:Stability:ApiKey", StabilityStandIn.ApiKey), ("Providers:Stability:BaseUrl", vendor.BaseUrl)],
            Reported = Nothing,
        },
        Search("tavily", TavilyStandIn.ApiKey, async () => await TavilyStandIn.StartAsync(), OtherTroubles.Tavily),
        Search("serper", SerperStandIn.ApiKey, async () => await SerperStandIn.StartAsync(), OtherTroubles.Serper),
        Search("exa", ExaStandIn.ApiKey, async () => await ExaStandIn.StartAsync(), OtherTroubles.Exa),
        Search("firecrawl", FirecrawlStandIn.ApiKey, async () => await FirecrawlStandIn.StartAsync(), OtherTroubles.Firecrawl),
        OpenAI("openai embeddings", "openai-text-embedding-3-small", ModelKind.Embedding, new TokenUsage(12, 0)),
    ];

    private static Vendor OpenAI(string name, string model, ModelKind kind, TokenUsage reported) => new(name, "openai", kind, model, Common.With(TextTroubles.OpenAI))
    {
        Start = async () => await OpenAIStandIn.StartAsync(),
        Settings = vendor => [("Providers:OpenAI:ApiKey", OpenAIStandIn.ApiKey), ("Providers:OpenAI:BaseUrl", vendor.BaseUrl + "/v1")],
        Reported = reported,
    };

    private static Vendor Azure() => OpenAI("azure openai", "openai-gpt-4.1", ModelKind.Text, new TokenUsage(12, 8, 4, 2)) with
    {
        Troubles = Common.With(TextTroubles.Azure),
        Settings = vendor => [("Providers:OpenAI:ApiKey", OpenAIStandIn.ApiKey), ("Providers:OpenAI:BaseUrl", null), ("Providers:OpenAI:AzureEndpoint", vendor.BaseUrl)],
        Stream = OpenAIStream.Of("one two three", new StandInUsage()),
    };

    private static Vendor Anthropic() => new("anthropic", "anthropic", ModelKind.Text, "anthropic-claude-haiku-4-5", Common.With(TextTroubles.Anthropic))
    {
        Start = async () => await AnthropicStandIn.StartAsync(),
        Settings = vendor => [("Providers:Text:anthropic:ApiKey", AnthropicStandIn.ApiKey), ("Providers:Text:anthropic:BaseUrl", vendor.BaseUrl)],
        Reported = new TokenUsage(16, 8, 4),
        Stream = AnthropicStream.Of("one two three"),
        FirstWord = 3,
    };

    private static Vendor Compatible(string name, string model, IReadOnlyList<Trouble> troubles, TokenUsage reported, Behaviour success, StreamScript stream) =>
        new(name, name, ModelKind.Text, model, Common.With(troubles))
        {
            Start = async () => await CompatibleStandIn.StartAsync(),
            Settings = vendor => [($"Providers:Text:{name}:ApiKey", CompatibleStandIn.ApiKey), ($"Providers:Text:{name}:BaseUrl", vendor.BaseUrl + "/v1")],
            Reported = reported,
            Success = _ => success,
            Stream = stream,
        };

    private static Vendor Fal(string name, string mode, IReadOnlyList<Trouble> troubles) => new(name, "fal", ModelKind.Image, "fal-flux-schnell", Common.With(troubles))
    {
        Start = async () => await FalStandIn.StartAsync(),
        Settings = vendor =>
        [
            ("Providers:Fal:ApiKey", FalStandIn.ApiKey), ("Providers:Fal:BaseUrl", vendor.BaseUrl), ("Providers:Fal:QueueBaseUrl", vendor.BaseUrl + "/queue"), ("Providers:Fal:Mode", mode),
        ],
        Reported = Nothing,
    };

    private static Vendor Search(string name, string key, Func<Task<VendorStandIn>> start, IReadOnlyList<Trouble> troubles) =>
        new(name, name, ModelKind.Search, name + "-search", Common.With(troubles))
        {
            Start = start,
            Settings = vendor => [($"Providers:{name}:ApiKey", key), ($"Providers:{name}:BaseUrl", vendor.BaseUrl)],
            Reported = Nothing,
        };
}
