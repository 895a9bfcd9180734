using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using CloudinaryDotNet.Actions;

namespace CloudinaryDotNet;

/// <summary>The upload API of an account.</summary>
public class Cloudinary
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new NumberOrText() },
    };

    public Cloudinary() => Api = new Api();

    public Cloudinary(string cloudinaryUrl) => Api = new Api(cloudinaryUrl);

    public Cloudinary(Account account) => Api = new Api(account);

    public Api Api { get; }

    public Task<ImageUploadResult> UploadAsync(ImageUploadParams parameters, CancellationToken? cancellationToken = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return CallAsync<ImageUploadResult>(Api.ApiUrlImgUpV.BuildUrl(), parameters, parameters.File, cancellationToken);
    }

    public Task<RawUploadResult> UploadAsync(RawUploadParams parameters, string type = "auto", CancellationToken? cancellationToken = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return CallAsync<RawUploadResult>(Api.ApiUrlV.Action("upload").ResourceType(type).BuildUrl(), parameters, parameters.File, cancellationToken);
    }

    public Task<DeletionResult> DestroyAsync(DeletionParams parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        string url = Api.ApiUrlV.ResourceType(parameters.ResourceType.ToString().ToLowerInvariant()).Action("destroy").BuildUrl();
        return CallAsync<DeletionResult>(url, parameters, null, null);
    }

    private async Task<T> CallAsync<T>(string url, BaseParams parameters, FileDescription file, CancellationToken? cancellationToken)
        where T : BaseResult
    {
        parameters.Check();
        using MultipartFormDataContent body = Form(Signed(parameters.ToParamsDictionary()), file);
        using CancellationTokenSource limit = Api.Timeout > 0 ? new CancellationTokenSource(Api.Timeout) : new CancellationTokenSource();
        using HttpResponseMessage response = await Api.Client.PostAsync(url, body, cancellationToken ?? limit.Token).ConfigureAwait(false);
        using Stream answer = await response.Content.ReadAsStreamAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            T result = await JsonSerializer.DeserializeAsync<T>(answer, Json, CancellationToken.None).ConfigureAwait(false);
            result.StatusCode = response.StatusCode;
            return result;
        }
        catch (JsonException e)
        {
            throw new Exception($"Failed to deserialize response with status code: {response.StatusCode}", e);
        }
    }

    private SortedDictionary<string, object> Signed(SortedDictionary<string, object> parameters)
    {
        parameters["timestamp"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        parameters["signature"] = Api.SignParameters(parameters);
        parameters["api_key"] = Api.Account.ApiKey;
        return parameters;
    }

    private static MultipartFormDataContent Form(SortedDictionary<string, object> parameters, FileDescription file)
    {
        var form = new MultipartFormDataContent();
        foreach ((string name, object value) in parameters)
        {
            form.Add(new StringContent(ApiShared.Text(value)), $"\"{name}\"");
        }

        if (file is { IsRemote: true })
        {
            form.Add(new StringContent(file.FilePath), "\"file\"");
        }
        else if (file is not null)
        {
            var content = new StreamContent(file.Stream ?? File.OpenRead(file.FilePath));
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            form.Add(content, "\"file\"", file.FileName);
        }

        return form;
    }

    /// <summary>The API writes a version as a number; the result has text.</summary>
    private sealed class NumberOrText : JsonConverter<string>
    {
        public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType == JsonTokenType.Number
            ? reader.GetInt64().ToString(CultureInfo.InvariantCulture)
            : reader.GetString();

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }
}
