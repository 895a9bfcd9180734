using ServerlessAi.Images;

namespace ServerlessAi.Providers.Images;

/// <summary>Draws without any AI: the same prompt always gives the same picture. For trying the gateway without a key.</summary>
internal sealed class SampleImageProvider : IImageProvider
{
    public string Name => ProviderRegistry.Sample;

    public Task<ProviderOutcome<ImageBytes>> GenerateAsync(ImageCall call, CancellationToken cancellationToken)
    {
        var png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
        return Task.FromResult<ProviderOutcome<ImageBytes>>(ImageBytes.Sniff(png)!);
    }
}
