namespace ServerlessAi.Providers;

/// <summary>A server that speaks OpenAI's API.</summary>
/// <param name="Name">As catalog entries name it.</param>
/// <param name="Address">Where its API begins, without a slash at the end.</param>
/// <param name="ApiKey">Null only at Azure: the app's identity signs in.</param>
/// <param name="MaxTokensField">What it calls the limit of output tokens.</param>
/// <param name="TakesStreamOptions">It wants to be asked for the usage of a stream; others tell it unasked, and refuse the question.</param>
internal sealed record OpenAIEndpoint(string Name, Uri Address, string? ApiKey, bool IsAzure, string MaxTokensField, bool TakesStreamOptions)
{
    public const string Standard = "max_completion_tokens";

    public static OpenAIEndpoint Of(OpenAIProviderOptions settings) => new(
        TextVendorOptions.OpenAI,
        settings switch
        {
            { AzureEndpoint: { Length: > 0 } azure } => new Uri($"{azure.TrimEnd('/')}/openai/v1"),
            { BaseUrl: { Length: > 0 } other } => new Uri(other.TrimEnd('/')),
            _ => new Uri("https://api.openai.com/v1"),
        },
        settings.ApiKey is { Length: > 0 } key ? key : null,
        settings.AzureEndpoint is { Length: > 0 },
        Standard,
        TakesStreamOptions: true);

    public static OpenAIEndpoint Of(string name, TextVendorOptions settings) =>
        new(name.ToLowerInvariant(), new Uri(settings.BaseUrl!.TrimEnd('/')), settings.ApiKey, IsAzure: false, settings.MaxTokensField, settings.StreamOptions);
}
