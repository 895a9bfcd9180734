using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.LocalHost;
using Microsoft.Extensions.Configuration;

namespace ServerlessAi.Tests.Polyfills.FunctionsHost;

public sealed class Settings
{
    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "version": "1.0" }""")]
    [InlineData("""{ "version": 2.0 }""")]
    public async Task A_host_json_without_version_two_keeps_the_host_from_starting(string hostJson)
    {
        var refusal = await Assert.ThrowsAsync<LocalHostException>(() => LocalApp.StartAsync(new LocalAppOptions { HostJson = hostJson }, typeof(Show)));
        Assert.EndsWith("host.json must contain \"version\": \"2.0\".", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_host_json_keeps_the_host_from_starting() =>
        await Assert.ThrowsAsync<LocalHostException>(() => LocalApp.StartAsync(new LocalAppOptions { HostJson = "{" }, typeof(Show)));

    [Theory]
    [InlineData("--port", "70000")]
    [InlineData("--port", "x")]
    [InlineData("--port=-1")]
    public void A_port_that_is_none_is_refused(params string[] args) =>
        Assert.Contains("--port needs a number", Assert.Throws<LocalHostException>(() => FunctionsApplication.CreateBuilder(args, typeof(Show))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Values_of_local_settings_become_configuration_with_underscores_as_colons()
    {
        var options = new LocalAppOptions { LocalSettings = """{ "IsEncrypted": false, "Values": { "Shop__Name": "corner", "Count": 3 } } // a comment""" };
        await using var app = await LocalApp.StartAsync(options, typeof(Show));
        Assert.Equal("corner", await app.Http.GetStringAsync("/api/show/Shop:Name"));
        Assert.Equal("3", await app.Http.GetStringAsync("/api/show/Count"));
    }

    [Fact]
    public async Task Environment_variables_win_over_local_settings_and_arguments_over_both()
    {
        Environment.SetEnvironmentVariable("FunctionsHostTest__Both", "environment");
        Environment.SetEnvironmentVariable("FunctionsHostTest__All", "environment");
        var options = new LocalAppOptions
        {
            LocalSettings = """{ "Values": { "FunctionsHostTest__Both": "file", "FunctionsHostTest:All": "file" } }""",
            Args = ["--FunctionsHostTest:All=argument"],
        };
        await using var app = await LocalApp.StartAsync(options, typeof(Show));
        Assert.Equal("environment", await app.Http.GetStringAsync("/api/show/FunctionsHostTest:Both"));
        Assert.Equal("argument", await app.Http.GetStringAsync("/api/show/FunctionsHostTest:All"));
    }

    [Fact]
    public async Task Local_settings_can_be_left_out()
    {
        var options = new LocalAppOptions { LocalSettings = """{ "Values": { "Secret": "mine" } }""", Args = ["--no-local-settings"] };
        await using var app = await LocalApp.StartAsync(options, typeof(Show));
        Assert.Equal("", await app.Http.GetStringAsync("/api/show/Secret"));
    }

    [Fact]
    public async Task Nested_values_in_local_settings_are_refused()
    {
        var options = new LocalAppOptions { LocalSettings = """{ "Values": { "Shop": { "Name": "corner" } } }""" };
        var refusal = await Assert.ThrowsAsync<LocalHostException>(() => LocalApp.StartAsync(options, typeof(Show)));
        Assert.Contains("'Shop' is not", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Host": { "LocalHttpPort": 7123 } }""", null, 7123)]
    [InlineData("""{ "Host": { "LocalHttpPort": 7123 } }""", "7124", 7124)]
    [InlineData("{}", null, 7071)]
    public void The_port_is_the_argument_or_the_local_setting_or_7071(string localSettings, string? argument, int port)
    {
        var folder = Directory.CreateTempSubdirectory("settings-");
        File.WriteAllText(Path.Combine(folder.FullName, "host.json"), """{ "version": "2.0" }""");
        File.WriteAllText(Path.Combine(folder.FullName, "local.settings.json"), localSettings);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(Arguments.Parse(argument is null ? [] : ["--port", argument]).Settings).Build();
        var settings = HostSettings.From(configuration, HostJson.Load(folder.FullName), LocalSettings.Load(folder.FullName));
        Assert.Equal(port, settings.Port);
        folder.Delete(recursive: true);
    }

    public sealed class Show(IConfiguration configuration)
    {
        [Function("Show")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "show/{key}")] HttpRequest request, string key) =>
            new ContentResult { Content = configuration[key] ?? "" };
    }
}
