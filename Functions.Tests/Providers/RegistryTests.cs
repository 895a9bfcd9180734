using Microsoft.Extensions.Options;
using ServerlessAi.Pricing;

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
}
