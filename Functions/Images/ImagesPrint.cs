using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Functions.Http;
using ServerlessAi.Images.Printing;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Images;

/// <summary>Makes one of the caller's images print-ready.</summary>
public sealed class ImagesPrint(ImagePrints prints)
{
    [Function("images-print")]
    [Allow(Role.User)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "images/{id}/print")] HttpRequest http, string id, CancellationToken cancellationToken)
    {
        var input = await http.ReadJsonAsync<PrintInput>(Wire.Json, cancellationToken);
        var order = input.Then(body => body.ToOrder());
        var print = order.Succeeded ? await prints.PrintAsync(http.Caller().AccountId, id, order.Value, cancellationToken) : order.Refusal;
        return Answers.From(print, http, PrintOutput.Of);
    }
}

/// <summary>Body of <c>images/{id}/print</c>. Only the size is required.</summary>
/// <param name="Size">See <see cref="PrintSize.Parse"/>. The page is exactly this, never turned.</param>
/// <param name="Format"><c>pdf</c> unless said otherwise.</param>
/// <param name="Dpi">150 unless said otherwise.</param>
/// <param name="Fit"><c>contain</c> unless said otherwise: nothing of an image is cut off unasked.</param>
public sealed record PrintInput(string? Size, PrintFormat? Format, int? Dpi, PrintFit? Fit)
{
    public Answer<PrintOrder> ToOrder()
    {
        if (PrintSize.Parse(Size ?? "") is not { } size)
        {
            return Refusal.Invalid($"'size' must be {PrintSize.Accepted}.");
        }

        return Dpi is < PrintOrder.LeastDpi or > PrintOrder.MostDpi
            ? Refusal.Invalid($"'dpi' must be {PrintOrder.LeastDpi} to {PrintOrder.MostDpi}.")
            : new PrintOrder(size, Format ?? PrintFormat.Pdf, Dpi ?? PrintOrder.DefaultDpi, Fit ?? PrintFit.Contain);
    }
}

/// <param name="WidthPx">Pixels of the image on the page.</param>
/// <param name="Dpi">Pixels an inch that were reached.</param>
/// <param name="Upscaled">The image has more pixels than it was made with.</param>
/// <param name="Bytes">Of the file; absent where it is made when its URL is read.</param>
public sealed record PrintOutput(
    string ImageId, Uri Url, PrintFormat Format, string ContentType, double PageWidthIn, double PageHeightIn, int WidthPx, int HeightPx, double Dpi, int DpiRequested, bool Upscaled,
    PrintFit Fit, long? Bytes)
{
    public static PrintOutput Of(ImagePrint print)
    {
        var (order, made) = (print.Order, print.Print);
        return new PrintOutput(
            print.ImageId, print.Url, order.Format, made.ContentType, Math.Round(order.Size.WidthIn, 4), Math.Round(order.Size.HeightIn, 4), made.WidthPx, made.HeightPx, made.Dpi, order.Dpi,
            made.Upscaled, order.Fit, made.Bytes > 0 ? made.Bytes : null);
    }
}
