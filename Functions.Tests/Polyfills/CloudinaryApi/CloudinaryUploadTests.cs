using System.Net;
using System.Security.Cryptography;
using System.Text;
using CloudinaryDotNet;
using CloudinaryDotNet.Actions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ServerlessAi.Tests.Polyfills.CloudinaryApi;

/// <summary>Uploads and deletions against a stand-in that checks the signature as the service does.</summary>
public sealed class CloudinaryUploadTests : IAsyncLifetime
{
    private const string Secret = "abcd";

    private readonly WebApplication _standIn = WebApplication.CreateSlimBuilder().Build();
    private readonly Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private Cloudinary _cloudinary = null!;

    public async Task InitializeAsync()
    {
        _standIn.Urls.Add("http://127.0.0.1:0");
        _standIn.MapPost("/v1_1/demo/image/upload", UploadAsync);
        _standIn.MapPost("/v1_1/demo/image/destroy", async (HttpRequest request) =>
            await IsSignedAsync(request) ? Results.Json(new { result = "ok" }) : Refused("Invalid Signature"));
        await _standIn.StartAsync();
        _cloudinary = new Cloudinary(new Account("demo", "1234", Secret)) { Api = { ApiBaseAddress = _standIn.Urls.Single() } };
    }

    public async Task DisposeAsync() => await _standIn.DisposeAsync();

    [Fact]
    public async Task A_picture_is_uploaded_with_a_valid_signature()
    {
        var parameters = new ImageUploadParams
        {
            File = new FileDescription("cup.png", new MemoryStream([1, 2, 3])),
            PublicId = "cup & saucer",
            Folder = "previews",
            Overwrite = true,
            Tags = "one,two",
        };
        ImageUploadResult result = await _cloudinary.UploadAsync(parameters);

        Assert.Null(result.Error);
        Assert.Equal(HttpStatusCode.OK, result.StatusCode);
        Assert.Equal(("previews/cup & saucer", "1700000000", "png", 3L), (result.PublicId, result.Version, result.Format, result.Bytes));
        Assert.Equal((640, 480), (result.Width, result.Height));
        Assert.Equal("https://res.cloudinary.com/demo/image/upload/x.png", result.SecureUrl.AbsoluteUri);
        Assert.Equal(("true", "one,two", "1234"), (_seen["overwrite"], _seen["tags"], _seen["api_key"]));
    }

    [Fact]
    public async Task A_wrong_secret_is_answered_with_an_error_not_an_exception()
    {
        var stranger = new Cloudinary(new Account("demo", "1234", "wrong")) { Api = { ApiBaseAddress = _cloudinary.Api.ApiBaseAddress } };
        ImageUploadResult result = await stranger.UploadAsync(new ImageUploadParams { File = new FileDescription("a", new MemoryStream([1])) });
        Assert.Equal((HttpStatusCode.Unauthorized, "Invalid Signature"), (result.StatusCode, result.Error.Message));
    }

    [Fact]
    public async Task A_picture_is_deleted()
    {
        DeletionResult result = await _cloudinary.DestroyAsync(new DeletionParams("cup") { Invalidate = true });
        Assert.Equal(("ok", "cup", "true"), (result.Result, _seen["public_id"], _seen["invalidate"]));
    }

    [Fact]
    public async Task Incomplete_parameters_are_refused_before_anything_is_sent()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _cloudinary.UploadAsync(new ImageUploadParams()));
        await Assert.ThrowsAsync<ArgumentException>(() => _cloudinary.DestroyAsync(new DeletionParams("")));
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task An_upload_can_be_cancelled()
    {
        var parameters = new ImageUploadParams { File = new FileDescription("a", new MemoryStream([1])) };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _cloudinary.UploadAsync(parameters, new CancellationToken(canceled: true)));
    }

    private async Task<IResult> UploadAsync(HttpRequest request)
    {
        if (!await IsSignedAsync(request))
        {
            return Refused("Invalid Signature");
        }

        IFormFile file = request.Form.Files["file"]!;
        return Results.Json(new
        {
            public_id = $"{_seen["folder"]}/{_seen["public_id"]}",
            version = 1700000000,
            format = Path.GetExtension(file.FileName).TrimStart('.'),
            bytes = file.Length,
            width = 640,
            height = 480,
            url = "http://res.cloudinary.com/demo/image/upload/x.png",
            secure_url = "https://res.cloudinary.com/demo/image/upload/x.png",
        });
    }

    /// <summary>The service's own check, written from its documentation and not from the client.</summary>
    private async Task<bool> IsSignedAsync(HttpRequest request)
    {
        IFormCollection form = await request.ReadFormAsync();
        foreach (string name in form.Keys)
        {
            _seen[name] = form[name].ToString();
        }

        IEnumerable<string> pairs = form.Keys.Where(name => name is not ("api_key" or "signature"))
            .Order(StringComparer.Ordinal)
            .Select(name => $"{name}={form[name].ToString().Replace("&", "%26", StringComparison.Ordinal)}");
        byte[] expected = SHA1.HashData(Encoding.UTF8.GetBytes(string.Join('&', pairs) + Secret));
        return form["timestamp"].Count == 1 && form["signature"] == Convert.ToHexStringLower(expected);
    }

    private static IResult Refused(string message) => Results.Json(new { error = new { message } }, statusCode: 401);
}
