using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;

namespace ServerlessAi.Notifications;

/// <summary>
/// Posts <c>{ "id", "type", "createdAt", "accountId", "data": { ... } }</c>, signed. Any 2xx takes it; 410 says that nothing more is wanted; everything else,
/// redirects among it, is tried again. The id is the same at every try.
/// </summary>
internal sealed class WebhookSender(IHttpClientFactory clients, TimeProvider time, IOptions<NotificationOptions> options)
{
    /// <summary>The error of a receiver that is gone.</summary>
    public const string Gone = "http_410";

    /// <summary>The key ring that the webhook's secret was sealed with is lost.</summary>
    public const string SecretLost = "secret_lost";

    // What a receiver says beyond its status is of no use; a little is read so that the connection can be used again.
    private const int AnswerLimitBytes = 8 * 1024;

    private static readonly ProductInfoHeaderValue Agent = new("ServerlessAi-Webhooks", "1");

    public async Task<Delivery> SendAsync(Uri url, byte[] key, OutboxItem item, Message message, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.Value.WebhookTimeoutMs), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var request = Request(url, key, item, message);
            using var response = await clients.CreateClient(WebhookHttp.Client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var delivery = Judge(response.StatusCode);
            await DrainAsync(response, either.Token);
            return delivery;
        }
        catch (ForbiddenAddressException)
        {
            return Delivery.Failed("address_not_public");
        }
        catch (HttpRequestException exception)
        {
            return exception.InnerException is ForbiddenAddressException ? Delivery.Failed("address_not_public") : Delivery.Failed(exception.HttpRequestError == HttpRequestError.NameResolutionError ? "unknown_host" : "unreachable");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Delivery.Failed("timeout");
        }
    }

    private HttpRequestMessage Request(Uri url, byte[] key, OutboxItem item, Message message)
    {
        var body = new JsonObject
        {
            ["id"] = item.Id,
            ["type"] = item.Kind,
            ["createdAt"] = item.CreatedAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            ["accountId"] = item.AccountId,
            ["data"] = message.Data.DeepClone(),
        }.ToJsonString();
        var timestamp = WebhookSignature.Timestamp(time.GetUtcNow());
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.UserAgent.Add(Agent);
        request.Headers.Add(WebhookSignature.IdHeader, item.Id);
        request.Headers.Add(WebhookSignature.TimestampHeader, timestamp);
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.Sign(item.Id, timestamp, body, key));
        return request;
    }

    private static Delivery Judge(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => Delivery.Sent,
        410 => Delivery.Refused(Gone),
        var other => Delivery.Failed(string.Create(CultureInfo.InvariantCulture, $"http_{other}")),
    };

    private static async Task DrainAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[AnswerLimitBytes];
            _ = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The status has been said, and that is what counts.
        }
    }
}
