using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Images;

/// <summary>Prints where images lie at Cloudinary, which scales them; the page is made here.</summary>
public sealed class CloudinaryPrintTests : IAsyncLifetime
{
    private CloudinaryStandIn standIn = null!;
    private TestApp app = null!;

    public async Task InitializeAsync()
    {
        standIn = await CloudinaryStandIn.StartAsync();
        app = await TestApp.StartAsync(new Dictionary<string, string?>
        {
            ["Images:Store"] = "cloudinary",
            ["Images:CloudinaryUrl"] = CloudinaryStandIn.Url,
            ["Images:CloudinaryApiBaseUrl"] = standIn.BaseUrl,
            ["Images:CloudinaryDeliveryBaseUrl"] = standIn.BaseUrl,
        });
    }

    public async Task DisposeAsync()
    {
        await app.DisposeAsync();
        await standIn.DisposeAsync();
    }

    [Theory]
    [InlineData("contain", 3_600, 3_600, 0, 432)]
    [InlineData("cover", 3_600, 5_400, 0, 0)]
    public async Task A_poster_is_upscaled_to_150_DPI_on_a_page_of_exact_size(string fit, int width, int height, double left, double bottom)
    {
        var id = await ImageAsync();

        var print = await PrintAsync(id, new { size = "24x36", fit });
        using var http = new HttpClient();
        var pdf = new PdfReading(await http.GetByteArrayAsync(new Uri(print.Text("url")!)));

        Assert.Equal((200, true, 150m, width, height), (print.Status, print.Flag("upscaled"), print.Number("dpi"), (int)print.Number("widthPx"), (int)print.Number("heightPx")));
        Assert.Equal([0, 0, 1_728, 2_592], pdf.MediaBox);
        Assert.Equal((width, height, 150), (pdf.ImageWidth, pdf.ImageHeight, pdf.ImageDpi));
        Assert.Equal((left, bottom), (pdf.Placed.Left, pdf.Placed.Bottom));
        Assert.Contains("/DCTDecode", pdf.Image, StringComparison.Ordinal);
        Assert.EndsWith(".pdf", Assert.Single(standIn.Files.Keys, name => name.Contains("contain", StringComparison.Ordinal) || name.Contains("cover", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_that_is_large_enough_goes_onto_its_page_as_it_is()
    {
        var print = await PrintAsync(await ImageAsync(), new { size = "4x4" });

        Assert.Equal((false, 192m, 768), (print.Flag("upscaled"), print.Number("dpi"), (int)print.Number("widthPx")));
        Assert.DoesNotContain(standIn.Requests, request => request.Path.Contains("c_scale", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("png", "contain", "image/png", "b_white,c_pad,dn_150,h_5400,q_95,w_3600")]
    [InlineData("jpg", "cover", "image/jpeg", "b_white,c_fill,dn_150,h_5400,q_95,w_3600")]
    public async Task Pixels_come_from_a_signed_URL_that_names_the_size(string format, string fit, string contentType, string transformation)
    {
        var id = await ImageAsync();

        var print = await PrintAsync(id, new { size = "24x36", format, fit });

        Assert.Equal((200, contentType, 3_600, 5_400, true), (print.Status, print.Text("contentType"), (int)print.Number("widthPx"), (int)print.Number("heightPx"), print.Flag("upscaled")));
        Assert.Matches($"/image/upload/s--[A-Za-z0-9_-]{{8}}--/{transformation}/v1/serverlessai/2040/05/{id}\\.{format}$", print.Text("url")!);
        using var http = new HttpClient();
        Assert.Equal(200, (int)(await http.GetAsync(new Uri(print.Text("url")!))).StatusCode);
        Assert.Equal(401, (int)(await http.GetAsync(new Uri(print.Text("url")!.Replace("3600", "9000", StringComparison.Ordinal)))).StatusCode);
    }

    [Theory]
    [InlineData(423)]
    [InlineData(503)]
    public async Task A_version_that_is_not_ready_yet_is_asked_for_again(int status)
    {
        var id = await ImageAsync();
        standIn.Script(model: null, CloudinaryStandIn.Error(status, "The derived image is being made."));

        var early = await PrintAsync(id, new { size = "24x36" });
        standIn.Script(model: null, Behaviour.Success);

        Assert.Equal((503, true), (early.Status, early.Headers.ContainsKey("Retry-After")));
        Assert.Equal(200, (await PrintAsync(id, new { size = "24x36" })).Status);
    }

    [Fact]
    public async Task An_image_that_is_gone_cannot_be_printed()
    {
        var id = await ImageAsync();
        standIn.Script(model: null, Behaviour.Answer(404, ""));

        Assert.Equal((404, "not_found"), await PrintAsync(id, new { size = "24x36" }) is var reply ? (reply.Status, reply.Code) : default);
    }

    private async Task<string> ImageAsync() => (await app.ImageAsync("ann", "a red fox")).Text("imageId")!;

    private Task<Reply> PrintAsync(string id, object body) => app.PostAsync($"images/{id}/print?userId=ann", body);
}
