using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Tests.Flow;

public sealed class SettingsSampleTests
{
    private const string OptionalSection = "Optional, without a default; move into Values what you need";
    private const string Emulator = "Storage__ConnectionString";
    private static readonly string[] OfTheHost = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];

    private static readonly JsonElement Sample =
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Azurite.RepositoryRoot(), "local.settings.sample.json"))).RootElement;

    private static Dictionary<string, string> Values => Read("Values");

    private static Dictionary<string, string> Optional => Read(OptionalSection);

    [Fact]
    public void The_sample_has_every_setting_once_and_no_other() =>
        Assert.Equal(
            KnownSettings.Defaults.Keys.Concat(OfTheHost).Order(StringComparer.Ordinal),
            Values.Keys.Concat(Optional.Keys).Order(StringComparer.Ordinal));

    [Fact]
    public void Values_are_the_defaults() =>
        Assert.Equal(
            KnownSettings.Defaults.Where(setting => setting.Value is not null).Select(setting => $"{setting.Key}={setting.Value}").Order(StringComparer.Ordinal),
            Values.Where(value => !OfTheHost.Contains(value.Key) && value.Key != Emulator).Select(value => $"{value.Key}={value.Value}").Order(StringComparer.Ordinal));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_app_accepts_the_sample(bool withOptional)
    {
        var settings = withOptional ? Values.Concat(Optional) : Values;
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Key.Replace("__", ":", StringComparison.Ordinal), string? (setting) => setting.Value))
            .Build();
        using var services = new ServiceCollection().AddServerlessAi(configuration).BuildServiceProvider();
        services.GetRequiredService<IStartupValidator>().Validate();
    }

    private static Dictionary<string, string> Read(string section) =>
        Sample.GetProperty(section).EnumerateObject().ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!, StringComparer.Ordinal);
}
