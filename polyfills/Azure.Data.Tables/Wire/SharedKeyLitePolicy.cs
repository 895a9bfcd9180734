using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Azure.Data.Tables.Wire;

/// <summary>Signs each attempt anew: the service refuses a date older than 15 minutes, and retries may span more.</summary>
internal sealed class SharedKeyLitePolicy(TableSharedKeyCredential credential) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        Request request = message.Request;
        string date = DateTimeOffset.UtcNow.ToString("R", CultureInfo.InvariantCulture);
        request.Headers.SetValue("x-ms-date", date);
        string signature = credential.Sign($"{date}\n/{credential.AccountName}{Resource(request.Uri.ToUri())}");
        request.Headers.SetValue("Authorization", $"SharedKeyLite {credential.AccountName}:{signature}");
    }

    /// <summary>Of the query only <c>comp</c> is signed.</summary>
    private static string Resource(Uri uri)
    {
        string component = uri.Query.TrimStart('?').Split('&').FirstOrDefault(pair => pair.StartsWith("comp=", StringComparison.OrdinalIgnoreCase));
        return component is null ? uri.AbsolutePath : $"{uri.AbsolutePath}?{component}";
    }
}
