using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ServerlessAi.Images;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Storage;
using ServerlessAi.Tests.Polyfills.FunctionsHost;

namespace ServerlessAi.Tests.Images;

public sealed class CloudinaryImageStoreTests : IAsyncLifetime
{
    private static readonly ImageBytes Picture = ImageBytes.Sniff(VendorStandIn.Picture)!;

    private CloudinaryStandIn standIn = null!;
    private ServiceProvider services = null!;

    private IImageStore Store => services.GetRequiredService<IImageStore>();

    public static TheoryData<string, bool> Troubles => new() { { "500", true }, { "503", true }, { "429", true }, { "420", true }, { "page", true }, { "reset", true }, { "400", false }, { "401", false } };

    public async Task InitializeAsync()
    {
        standIn = await CloudinaryStandIn.StartAsync();
        services = Build(CloudinaryStandIn.Url, standIn.BaseUrl);
    }

    public async Task DisposeAsync()
    {
        await services.DisposeAsync();
        await standIn.DisposeAsync();
    }

    [Fact]
    public async Task An_image_is_kept_under_its_name_inside_the_folder_and_read_over_https()
    {
        var stored = await Store.SaveAsync("2026/01/op-1.png", Picture, CancellationToken.None);
        Assert.Equal(new StoredImage("serverlessai/2026/01/op-1.png", "image/png", 12, 8, Picture.Content.Length), stored);
        Assert.Equal(Picture.Content.ToArray(), standIn.Files["serverlessai/2026/01/op-1"]);
        Assert.Equal(
            "https://res.cloudinary.com/standin/image/upload/v1/serverlessai/2026/01/op-1.png", (await Store.GetReadUrlAsync(stored, TestClock.Start, CancellationToken.None)).AbsoluteUri);
    }

    [Fact]
    public async Task The_same_name_again_replaces_the_image()
    {
        await Store.SaveAsync("a.png", Picture, CancellationToken.None);
        await Store.SaveAsync("a.png", Picture, CancellationToken.None);
        Assert.Single(standIn.Files);
        Assert.All(standIn.Requests, request => Assert.Contains("name=\"overwrite\"\r\n\r\ntrue", request.Body, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Trouble_is_told_apart_from_a_refusal(string trouble, bool isUnavailable)
    {
        standIn.Script(model: null, trouble switch
        {
            "page" => Behaviour.Answer(502, "<html>Bad gateway</html>", "text/html"),
            "reset" => Behaviour.Reset,
            _ => CloudinaryStandIn.Error(int.Parse(trouble), "The service's own words."),
        });
        var onSave = await Record.ExceptionAsync(() => Store.SaveAsync("a.png", Picture, CancellationToken.None));
        var onPing = await Record.ExceptionAsync(() => Store.PingAsync(CancellationToken.None));
        Assert.All([onSave, onPing], exception => Assert.Equal(isUnavailable, StorageFaults.IsUnavailable(exception!)));
        if (!isUnavailable)
        {
            Assert.Equal($"Cloudinary refused ({trouble}): The service's own words.", Assert.IsType<InvalidOperationException>(onSave).Message);
        }
    }

    [Fact]
    public async Task A_ping_changes_nothing_and_proves_the_key()
    {
        await Store.PingAsync(CancellationToken.None);
        Assert.Equal("/v1_1/standin/image/destroy", Assert.Single(standIn.Requests).Path);
        await using var stranger = Build($"cloudinary://{CloudinaryStandIn.ApiKey}:wrong@standin", standIn.BaseUrl);
        await Assert.ThrowsAsync<InvalidOperationException>(() => stranger.GetRequiredService<IImageStore>().PingAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Cancellation_ends_an_upload_that_hangs()
    {
        standIn.Script(model: null, Behaviour.Hang);
        using var cancellation = new CancellationTokenSource();
        var upload = Store.SaveAsync("a.png", Picture, cancellation.Token);
        await Wait.UntilAsync(() => standIn.Requests.Count == 1, "the upload has arrived");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => upload);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("https://example.test")]
    [InlineData("cloudinary://key@cloud")]
    [InlineData("cloudinary://key:secret@")]
    public void Without_its_url_the_store_is_refused_at_start(string? url)
    {
        using var incomplete = Build(url, "http://127.0.0.1:1");
        var refusal = Assert.Throws<OptionsValidationException>(() => incomplete.GetRequiredService<IOptions<ImageOptions>>().Value);
        Assert.Contains("Images__CloudinaryUrl", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Build(string? url, string apiBaseUrl) => new ServiceCollection()
        .AddLogging()
        .AddServerlessAi(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Images:Store"] = "cloudinary",
            ["Images:CloudinaryUrl"] = url,
            ["Images:CloudinaryApiBaseUrl"] = apiBaseUrl,
        }).Build())
        .BuildServiceProvider();
}
