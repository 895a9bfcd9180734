using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;

namespace ServerlessAi;

/// <summary>Models as OpenAI's clients know them: one that cannot be asked is not there.</summary>
public static class NamedModel
{
    /// <returns>Why the model cannot be asked; null when it can.</returns>
    public static Refusal? Find(Catalog catalog, ModelKind kind, string name, ProviderRegistry providers) =>
        catalog.Find(name) is { Active: true } model && model.Kind == kind && providers.IsAvailable(kind, model.Provider) ? null : Missing(name);

    public static Refusal Missing(string name) => new Refusal(RefusalCodes.ModelNotFound, $"The model '{name}' does not exist here, or not for this kind of request.").With("param", "model");
}
