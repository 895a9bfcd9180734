using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;
using ServerlessAi.Providers;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Providers;

public sealed class RegistryTests
{
    private static readonly (string, string?)[] NoKeys =
        [("Providers:OpenAI:ApiKey", null), ("Providers:OpenAI:BaseUrl", null), ("Providers:Fal:ApiKey", null)];

    [Fact]
    public async Task A_provider_is_there_when_it_has_a_key()
    {
        await using var world = await ProviderWorld.StartAsync();
        Assert.Equal(["fal", "openai"], world.Registry.Names);
        Assert.True(world.Registry.IsAvailable(ModelKind.Text, "openai"));
        Assert.True(world.Registry.IsAvailable(ModelKind.Image, "fal"));
        Assert.False(world.Registry.IsAvailable(ModelKind.Text, "fal"), "fal.ai has no text models here");
        Assert.False(world.Registry.IsAvailable(ModelKind.Search, "openai"));
    }

    [Fact]
    public async Task With_one_key_in_Development_the_sample_does_not_stand_in_for_the_rest()
    {
        await using var world = await ProviderWorld.StartAsync(settings: ("Providers:Fal:ApiKey", null));
        Assert.Equal(["openai"], world.Registry.Names);
        Assert.False(world.Registry.SampleStandsIn);
        Assert.False(world.Registry.IsAvailable(ModelKind.Image, "fal"));
    }

    [Fact]
    public async Task With_no_key_in_Development_the_sample_stands_in_for_every_vendor()
    {
        await using var world = await ProviderWorld.StartAsync(settings: NoKeys);
        Assert.True(world.Registry.SampleStandsIn);
        Assert.Equal(["sample"], world.Registry.Names);
        Assert.Equal("sample", world.Registry.ServedBy(ModelKind.Text, "anthropic"));
        Assert.Equal("sample", world.Registry.ServedBy(ModelKind.Image, "fal"));
    }

    [Theory]
    [InlineData("Staging")]
    [InlineData("Production")]
    public async Task Elsewhere_nothing_stands_in(string environment)
    {
        await using var world = await ProviderWorld.StartAsync(environment: environment, settings: NoKeys);
        Assert.False(world.Registry.SampleStandsIn);
        Assert.Empty(world.Registry.Names);
        Assert.False(world.Registry.IsAvailable(ModelKind.Text, "sample"));
    }

    [Fact]
    public async Task The_sample_can_be_asked_for_beside_real_providers()
    {
        await using var world = await ProviderWorld.StartAsync(environment: "Staging", settings: ("Providers:Sample:Enabled", "true"));
        Assert.Equal(["fal", "openai", "sample"], world.Registry.Names);
        Assert.Equal("openai", world.Registry.ServedBy(ModelKind.Text, "openai"));
        Assert.Equal("sample", world.Registry.ServedBy(ModelKind.Text, "anthropic"));
    }

    [Fact]
    public async Task The_sample_can_be_switched_off_in_Development()
    {
        await using var world = await ProviderWorld.StartAsync(settings: [.. NoKeys, ("Providers:Sample:Enabled", "false")]);
        Assert.Empty(world.Registry.Names);
    }

    [Fact]
    public async Task The_sample_is_refused_in_Production()
    {
        await using var world = await ProviderWorld.StartAsync(environment: "Production", settings: ("Providers:Sample:Enabled", "true"));
        var refusal = Assert.Throws<OptionsValidationException>(() => world.Registry);
        Assert.Contains("Production", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anthropic", "https://api.anthropic.com")]
    [InlineData("deepseek", "https://api.deepseek.com")]
    [InlineData("gemini", "https://generativelanguage.googleapis.com/v1beta/openai")]
    [InlineData("groq", "https://api.groq.com/openai/v1")]
    [InlineData("mistral", "https://api.mistral.ai/v1")]
    public async Task A_well_known_vendor_of_text_needs_only_its_key(string name, string address)
    {
        await using var world = await ProviderWorld.StartAsync(settings: ($"Providers:Text:{name.ToUpperInvariant()}:ApiKey", "some-key"));
        Assert.True(world.Registry.IsAvailable(ModelKind.Text, name));
        Assert.False(world.Registry.IsAvailable(ModelKind.Image, name));
        Assert.Equal(address, world.Get<IOptions<ProviderOptions>>().Value.Text[name].BaseUrl);
    }

    [Fact]
    public async Task OpenAI_for_text_alone_goes_before_OpenAI_for_all()
    {
        await using var vendor = await CompatibleStandIn.StartAsync();
        await using var world = await ProviderWorld.StartAsync(
            settings: [("Providers:Text:openai:ApiKey", CompatibleStandIn.ApiKey), ("Providers:Text:openai:BaseUrl", vendor.Address)]);
        Assert.NotNull((await world.CompleteAsync()).Value);
        Assert.NotNull((await world.DrawAsync("openai")).Value);
        Assert.Equal("max_completion_tokens", vendor.Requests.Single().Json.AsObject().Select(member => member.Key).Last());
        Assert.Equal("/v1/images/generations", world.OpenAI.Requests.Single().Path);
    }

    [Theory]
    [InlineData("Providers:Text:acme:ApiKey", "some-key", "BaseUrl")]
    [InlineData("Providers:Text:gemini:Kind", "grpc", "Kind")]
    [InlineData("Providers:Text:gemini:BaseUrl", "https://user:password@example.test", "BaseUrl")]
    [InlineData("Providers:Text:mistral:MaxTokensField", "max_new_tokens", "MaxTokensField")]
    [InlineData("Providers:Text:sample:BaseUrl", "https://example.test", "name")]
    [InlineData("Providers:Text:no_name:BaseUrl", "https://example.test", "name")]
    public async Task A_vendor_of_text_that_makes_no_sense_is_refused_at_start(string setting, string value, string problem)
    {
        await using var world = await ProviderWorld.StartAsync(settings: (setting, value));
        var refusal = Assert.Throws<OptionsValidationException>(() => world.Get<IOptions<ProviderOptions>>().Value);
        Assert.Contains("Providers__Text__" + setting.Split(':')[2], refusal.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Providers:Limits:openai:Concurrency", "0", "Providers__Limits__openai: The field Concurrency")]
    [InlineData("Providers:QueueLimit", "-1", "QueueLimit")]
    [InlineData("Providers:Circuit:MinimumCalls", "1", "MinimumCalls")]
    public async Task A_queue_or_circuit_that_makes_no_sense_is_refused_at_start(string setting, string value, string problem)
    {
        await using var world = await ProviderWorld.StartAsync(settings: (setting, value));
        var refusal = Assert.Throws<OptionsValidationException>(() => world.Get<IOptions<ProviderOptions>>().Value);
        Assert.Contains(problem, refusal.Message, StringComparison.Ordinal);
    }
}
