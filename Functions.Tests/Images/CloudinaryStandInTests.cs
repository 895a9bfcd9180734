using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Images;

/// <summary>The stand-in takes an upload for what its signature says, as the service does; spoken to by hand, without the client.</summary>
public sealed class CloudinaryStandInTests
{
    private static readonly Dictionary<string, string> Upload = new(StringComparer.Ordinal) { ["public_id"] = "cup", ["timestamp"] = "1760000000", ["overwrite"] = "true" };

    [Fact]
    public async Task A_right_signature_is_taken()
    {
        await using var standIn = await CloudinaryStandIn.StartAsync();

        var (status, _) = await SendAsync(standIn, Upload, Sign(Upload, CloudinaryStandIn.Secret));

        Assert.Equal((HttpStatusCode.OK, "cup"), (status, Assert.Single(standIn.Files.Keys)));
    }

    [Fact]
    public async Task One_with_another_secret_is_refused_with_the_string_that_should_have_been_signed()
    {
        await using var standIn = await CloudinaryStandIn.StartAsync();
        var signature = Sign(Upload, "another secret");

        var (status, message) = await SendAsync(standIn, Upload, signature);

        Assert.Equal((HttpStatusCode.Unauthorized, $"Invalid Signature {signature}. String to sign - 'overwrite=true&public_id=cup&timestamp=1760000000'."), (status, message));
        Assert.Empty(standIn.Files);
    }

    [Theory]
    [InlineData("public_id", "another")]
    [InlineData("overwrite", "false")]
    [InlineData("timestamp", "1760000001")]
    [InlineData("folder", "elsewhere")]
    public async Task A_parameter_that_was_changed_or_added_after_signing_is_noticed(string name, string value)
    {
        await using var standIn = await CloudinaryStandIn.StartAsync();
        var changed = new Dictionary<string, string>(Upload, StringComparer.Ordinal) { [name] = value };

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(standIn, changed, Sign(Upload, CloudinaryStandIn.Secret))).Status);
        Assert.Empty(standIn.Files);
    }

    [Fact]
    public async Task A_key_that_nobody_has_is_refused()
    {
        await using var standIn = await CloudinaryStandIn.StartAsync();

        Assert.Equal((HttpStatusCode.Unauthorized, "Unknown API key 1"), await SendAsync(standIn, Upload, Sign(Upload, CloudinaryStandIn.Secret), key: "1"));
    }

    // cloudinary.com/documentation/authentication_signatures: sorted pairs and the secret, SHA-1, hexadecimal.
    private static string Sign(Dictionary<string, string> parameters, string secret) => Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(
        string.Join('&', parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")) + secret)));

    private static async Task<(HttpStatusCode Status, string? Message)> SendAsync(CloudinaryStandIn standIn, Dictionary<string, string> parameters, string signature, string key = CloudinaryStandIn.ApiKey)
    {
        using var http = new HttpClient();
        using var form = new MultipartFormDataContent();
        foreach (var (name, value) in parameters.Append(new("signature", signature)).Append(new("api_key", key)))
        {
            form.Add(new StringContent(value), $"\"{name}\"");
        }

        form.Add(new ByteArrayContent([1, 2, 3]), "\"file\"", "a.png");
        using var response = await http.PostAsync(new Uri($"{standIn.BaseUrl}/v1_1/{CloudinaryStandIn.Cloud}/image/upload"), form);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, body.RootElement.TryGetProperty("error", out var error) ? error.GetProperty("message").GetString() : null);
    }
}
