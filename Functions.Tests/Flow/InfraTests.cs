using System.Text.Json;
using System.Text.RegularExpressions;

namespace ServerlessAi.Tests.Flow;

public sealed partial class InfraTests
{
    private static readonly string Main = Read("main.bicep");
    private static readonly string App = Read("modules/app.bicep");

    [Fact]
    public void Settings_of_the_deployed_app_are_settings_of_the_app()
    {
        var ours = Settings().Matches(App).Select(match => match.Groups["name"].Value)
            .Where(name => name.Contains("__", StringComparison.Ordinal) && !name.StartsWith("AzureWebJobsStorage__", StringComparison.Ordinal)).ToList();
        Assert.All(ours, name => Assert.Contains(name, KnownSettings.Defaults.Keys));
        Assert.Contains("Storage__AccountName", ours);
        Assert.Contains("Access__AdminKey", ours);
    }

    [Fact]
    public void Parameters_come_from_the_azd_environment_and_only_optional_ones_may_be_empty()
    {
        var declared = Parameters().Matches(Main).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["default"].Success, StringComparer.Ordinal);
        var given = JsonDocument.Parse(Read("main.parameters.json")).RootElement.GetProperty("parameters").EnumerateObject()
            .ToDictionary(parameter => parameter.Name, parameter => parameter.Value.GetProperty("value").GetString()!.Contains('='), StringComparer.Ordinal);
        Assert.Equal(declared.OrderBy(parameter => parameter.Key, StringComparer.Ordinal), given.OrderBy(parameter => parameter.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void Whatever_has_no_default_can_be_given_when_deploying_unless_it_has_a_reason()
    {
        string[] notDeployed =
        [
            // What the template decides itself.
            "Storage__AccountName", "Storage__ManagedIdentityClientId", "Access__AdminKey",
            // Chosen by what else is given: the key of Stripe, the key of OpenAI.
            "Payments__Gateway", "Providers__Text__openai__ApiKey",
            // Other addresses of the same services, for tests and for those behind a proxy.
            "Providers__OpenAI__BaseUrl", "Images__CloudinaryApiBaseUrl", "Images__CloudinaryDeliveryBaseUrl",
            // For a developer's machine, and for fine tuning.
            "Providers__Sample__Enabled", "Providers__Fal__QueuedModels", "Plans__Items__free__CostLimitUsd",
        ];
        var optional = JsonDocument.Parse(File.ReadAllText(Path.Combine(Azurite.RepositoryRoot(), "local.settings.sample.json"))).RootElement.EnumerateObject()
            .Single(section => section.Name.StartsWith("Optional", StringComparison.Ordinal)).Value.EnumerateObject().Select(setting => setting.Name);
        Assert.All(optional.Except(notDeployed), name => Assert.Contains($" {name}: ", App, StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_given_when_deploying_reaches_the_app()
    {
        var inner = Parameters().Matches(App).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.All(Parameters().Matches(Main).Where(match => match.Groups["default"].Success).Select(match => match.Groups["name"].Value), name =>
        {
            Assert.Contains(name, inner);
            Assert.Contains($"\n    {name}: ", Main, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Every_secret_is_a_secure_parameter()
    {
        foreach (var file in new[] { Main, App })
        {
            Assert.All(Secrets().Matches(file), secret => Assert.Contains("@secure()", secret.Groups["before"].Value, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Azd_finds_the_app_by_the_name_of_its_service()
    {
        var azure = File.ReadAllText(Path.Combine(Azurite.RepositoryRoot(), "azure.yaml"));
        Assert.Contains("\n  api:\n    project: ./Functions\n", azure, StringComparison.Ordinal);
        Assert.Contains("'azd-service-name': 'api'", App, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_of_answers_are_deleted_when_neither_the_cache_nor_a_key_can_give_them_any_more()
    {
        var rule = Lifecycle().Match(Read("modules/storage.bicep"));

        Assert.Equal(KnownSettings.Defaults["Storage__AnswersContainer"] + "/", rule.Groups["prefix"].Value);
        Assert.InRange(int.Parse(rule.Groups["days"].Value, System.Globalization.CultureInfo.InvariantCulture), (ServerlessAi.Caching.CacheUse.LongestTtl + ServerlessAi.Accounts.ClaimRecord.Life).TotalDays + 1, 40);
    }

    [GeneratedRegex(@"prefixMatch: \['(?<prefix>[^']*)'\].*daysAfterCreationGreaterThan: (?<days>\d+)", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex Lifecycle();

    private static string Read(string file) => File.ReadAllText(Path.Combine(Azurite.RepositoryRoot(), "infra", file));

    [GeneratedRegex(@"(?<=[{,\n] *)(?<name>[A-Z]\w+): ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Settings();

    [GeneratedRegex(@"^param (?<name>\w+) \w+(?<default> =)?", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Parameters();

    [GeneratedRegex(@"(?<before>(^@.*\n)*)^param \w*(Key|Secret|Password|cloudinaryUrl) ", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Secrets();
}
