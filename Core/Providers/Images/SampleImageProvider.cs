using ServerlessAi.Images;
using ServerlessAi.Providers.Images.Sample;

namespace ServerlessAi.Providers.Images;

/// <summary>Draws without any AI: the same prompt always gives the same picture. For trying the gateway without a key.</summary>
internal sealed class SampleImageProvider : IImageProvider
{
    public string Name => ProviderRegistry.Sample;

    public Task<ProviderOutcome<ImageBytes>> GenerateAsync(ImageCall call, CancellationToken cancellationToken)
    {
        var (width, height) = call.Aspect switch
        {
            "portrait" => (640, 960),
            "landscape" => (960, 640),
            _ => (768, 768),
        };
        return Task.FromResult(VendorHttp.AsImage(Scene.Draw(call.StyledPrompt, call.Prompt, width, height)));
    }
}
