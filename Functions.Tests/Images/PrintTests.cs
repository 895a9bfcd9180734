using ServerlessAi.Images;
using ServerlessAi.Images.Printing;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Images;

/// <summary>Print-ready versions of images that lie in Blob Storage, opened as a printer opens them.</summary>
public sealed class PrintTests
{
    [Fact]
    public async Task A_poster_measures_exactly_what_was_asked_and_says_the_resolution_it_reached()
    {
        await using var app = await TestApp.StartAsync();
        var id = await ImageAsync(app, "portrait");

        var print = await PrintAsync(app, id, new { size = "24x36" });
        var pdf = await OpenAsync(print);

        Assert.Equal((200, "application/pdf", "pdf", "contain"), (print.Status, print.Text("contentType"), print.Text("format"), print.Text("fit")));
        Assert.Equal([0, 0, 1_728, 2_592], pdf.MediaBox);
        Assert.Equal((24m, 36m, 150m), (print.Number("pageWidthIn"), print.Number("pageHeightIn"), print.Number("dpiRequested")));
        Assert.Equal((640, 960), (pdf.ImageWidth, pdf.ImageHeight));
        Assert.Equal((0, 0, 1_728, 2_592), pdf.Placed);
        Assert.Equal((false, 26.7m), (print.Flag("upscaled"), print.Number("dpi")));
        Assert.Equal((double)print.Number("dpi"), pdf.ImageDpi, 0.05);
    }

    [Fact]
    public async Task A_print_that_needs_no_more_pixels_than_there_are_reaches_its_resolution()
    {
        await using var app = await TestApp.StartAsync();
        var print = await PrintAsync(app, await ImageAsync(app, "portrait"), new { size = "4x6", dpi = 150 });

        Assert.Equal((160m, false), (print.Number("dpi"), print.Flag("upscaled")));
        Assert.Equal(160, (await OpenAsync(print)).ImageDpi, 0.001);
    }

    [Fact]
    public async Task The_image_is_in_the_file_sample_for_sample_and_nothing_else_is()
    {
        await using var app = await TestApp.StartAsync();
        var answered = await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "a red fox", aspect = "portrait" });
        using var anonymous = new HttpClient();
        var original = ImageBytes.Sniff(await anonymous.GetByteArrayAsync(new Uri(answered.Text("imageUrl")!)))!;

        var pdf = await OpenAsync(await PrintAsync(app, answered.Text("imageId")!, new { size = "a4" }));

        Assert.Equal(PdfImage.Of(original)!.Data.ToArray(), pdf.ImageData);
        Assert.Equal(960 * (1 + 3 * 640), pdf.Inflate().Length);
        Assert.Contains("/Title (Print, 8.27 x 11.69 in) /Producer (ServerlessAi) /CreationDate (D:20400516120000Z)", pdf.Info, StringComparison.Ordinal);
        Assert.DoesNotContain("http", pdf.Info + pdf.Page + pdf.Image + pdf.Trailer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("contain", 0, 216, 432, 216)]
    [InlineData("cover", -432, 0, 1_296, 648)]
    public void The_image_keeps_its_shape_in_the_middle_of_the_page(string fit, double left, double bottom, double width, double height)
    {
        // 6 × 9 inches are 432 × 648 points; the image is twice as wide as high.
        var image = PdfImage.Of(ImageBytes.Sniff(Pictures.Png(20, 10))!)!;
        var isCover = fit is "cover";
        var pdf = new PdfReading(PdfPage.Write(PrintSize.Parse("6x9")!, isCover ? PrintFit.Cover : PrintFit.Contain, image, "Print", TestClock.Start).ToArray());

        Assert.Equal((left, bottom, width, height), pdf.Placed);
        Assert.StartsWith("q 0 0 432 648 re W n ", pdf.Drawing, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a4", 595.28, 841.89)]
    [InlineData("A4-Landscape", 841.89, 595.28)]
    [InlineData("letter", 612, 792)]
    [InlineData("24x36in", 1_728, 2_592)]
    [InlineData("36x24", 2_592, 1_728)]
    [InlineData("10.5x8", 756, 576)]
    [InlineData("61x91.4cm", 1_729.13, 2_590.87)]
    [InlineData("297x420mm", 841.89, 1_190.55)]
    [InlineData("60x60", 4_320, 4_320)]
    [InlineData("1x1", 72, 72)]
    public void A_page_has_the_size_that_its_name_says_to_the_hundredth_of_a_point(string text, double widthPt, double heightPt)
    {
        var size = PrintSize.Parse(text)!;
        Assert.Equal((widthPt, heightPt), (Math.Round(size.WidthPt, 2), Math.Round(size.HeightPt, 2)));
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"size":""}""")]
    [InlineData("""{"size":"huge"}""")]
    [InlineData("""{"size":"24"}""")]
    [InlineData("""{"size":"24x36x2"}""")]
    [InlineData("""{"size":"10000x10000"}""")]
    [InlineData("""{"size":"24x10000"}""")]
    [InlineData("""{"size":"60.1x36"}""")]
    [InlineData("""{"size":"0.99x36"}""")]
    [InlineData("""{"size":"0x0"}""")]
    [InlineData("""{"size":"-24x36"}""")]
    [InlineData("""{"size":"+24x36"}""")]
    [InlineData("""{"size":"NaNxNaN"}""")]
    [InlineData("""{"size":"Infinityx1"}""")]
    [InlineData("""{"size":"1e1x1e1"}""")]
    [InlineData("""{"size":"2٤x36"}""")]
    [InlineData("""{"size":"999999999999999999999999999999999999999999999999999999999x1"}""")]
    [InlineData("""{"size":24}""")]
    [InlineData("""{"size":"a4","dpi":71}""")]
    [InlineData("""{"size":"a4","dpi":301}""")]
    [InlineData("""{"size":"a4","dpi":-150}""")]
    [InlineData("""{"size":"a4","dpi":1e400}""")]
    [InlineData("""{"size":"60x60","dpi":150}""")]
    [InlineData("""{"size":"24x36","dpi":300}""")]
    [InlineData("""{"size":"a4","format":"tiff"}""")]
    [InlineData("""{"size":"a4","format":"png"}""")]
    [InlineData("""{"size":"a4","fit":"stretch"}""")]
    public async Task A_print_out_of_bounds_is_refused(string body)
    {
        await using var app = await TestApp.StartAsync();
        var id = await ImageAsync(app, "square");

        var reply = await app.SendAsync(HttpMethod.Post, $"images/{id}/print?userId=ann", change: request => request.Content = new StringContent(body, null, "application/json"));

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task The_same_print_again_is_looked_up_not_made()
    {
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(transport: transport);
        var id = await ImageAsync(app, "portrait");
        var first = await PrintAsync(app, id, new { size = "24x36" });
        transport.Choose = request => request.Uri.ToString().Contains("/images-", StringComparison.Ordinal) ? Fault.Denied : Fault.None;

        await using var next = await TestApp.StartAsync(sharing: app, transport: transport);
        var again = await PrintAsync(next, id, new { size = "24x36in", dpi = 150, fit = "contain" });
        var other = await PrintAsync(next, id, new { size = "24x36", fit = "cover" });

        Assert.Equal((200, first.Text("url"), first.Number("dpi"), first.Number("bytes")), (again.Status, again.Text("url"), again.Number("dpi"), again.Number("bytes")));
        Assert.Equal(503, other.Status);
    }

    [Fact]
    public async Task A_print_costs_nothing()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:FreeImagesPerDay"] = "0" });
        var id = await ImageAsync(app, "square");

        Assert.Equal(200, (await PrintAsync(app, id, new { size = "a3" })).Status);

        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public void What_is_no_plain_image_is_not_put_into_a_file()
    {
        Assert.Null(PdfImage.Of(new ImageBytes(new byte[100], "image/webp", 10, 10)));
        Assert.Null(PdfImage.Of(ImageBytes.Sniff(Pictures.Png(20, 10, interlaced: true))!));
        Assert.Null(PdfImage.Of(ImageBytes.Sniff(Pictures.Png(20, 10)[..60])!));
        var lying = Pictures.Png(20, 10);
        lying[33] = 0xFF;
        Assert.Null(PdfImage.Of(ImageBytes.Sniff(lying)!));
    }

    [Theory]
    [InlineData(0, "/DeviceGray ", 1)]
    [InlineData(2, "/DeviceRGB ", 3)]
    [InlineData(4, "[/DeviceN [/Gray /Alpha] /DeviceGray 7 0 R] ", 2)]
    [InlineData(6, "[/DeviceN [/Red /Green /Blue /Alpha] /DeviceRGB 7 0 R] ", 4)]
    public void Every_kind_of_colour_is_named_as_it_lies_in_the_file(byte color, string space, int components)
    {
        var image = PdfImage.Of(ImageBytes.Sniff(Pictures.Png(20, 10, color))!)!;
        var pdf = new PdfReading(PdfPage.Write(PrintSize.Parse("a4")!, PrintFit.Contain, image, "Print", TestClock.Start).ToArray());

        Assert.Contains($"/ColorSpace {space}", pdf.Image, StringComparison.Ordinal);
        Assert.Contains($"/Predictor 15 /Colors {components} /BitsPerComponent 8 /Columns 20 ", pdf.Image, StringComparison.Ordinal);
        Assert.Equal(10 * (1 + 20 * components), pdf.Inflate().Length);
    }

    private static async Task<string> ImageAsync(TestApp app, string aspect) =>
        (await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "a red fox", aspect })).Text("imageId")!;

    private static Task<Reply> PrintAsync(TestApp app, string id, object body) => app.PostAsync($"images/{id}/print?userId=ann", body);

    private static async Task<PdfReading> OpenAsync(Reply print)
    {
        using var anonymous = new HttpClient();
        return new PdfReading(await anonymous.GetByteArrayAsync(new Uri(print.Text("url")!)));
    }
}
