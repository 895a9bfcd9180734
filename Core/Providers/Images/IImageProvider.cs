using ServerlessAi.Images;

namespace ServerlessAi.Providers.Images;

/// <param name="Model">The vendor's name of the model.</param>
/// <param name="Aspect"><c>square</c>, <c>portrait</c> or <c>landscape</c>.</param>
/// <param name="Style">A few words for the look, empty for none.</param>
public sealed record ImageCall(string Model, string Prompt, string Aspect, string Style)
{
    /// <summary>The prompt with the style in it: vendors take no free text for the look.</summary>
    internal string StyledPrompt => Style.Length > 0 ? $"{Prompt}\n\nStyle: {Style}" : Prompt;
}

/// <summary>One vendor of images.</summary>
public interface IImageProvider
{
    /// <summary>As catalog entries name it.</summary>
    string Name { get; }

    /// <summary>Asks once for one image, without retrying. Vendor errors come back as failures; only cancellation throws.</summary>
    Task<ProviderOutcome<ImageBytes>> GenerateAsync(ImageCall call, CancellationToken cancellationToken);
}
