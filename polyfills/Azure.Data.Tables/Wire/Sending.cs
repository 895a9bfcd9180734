using Azure.Core;
using Azure.Core.Pipeline;

namespace Azure.Data.Tables.Wire;

/// <summary>Sends a message either way and turns every status that was not asked for into an exception.</summary>
internal static class Sending
{
    internal static async ValueTask<Response> SendAsync(
        this TableEndpoint endpoint, HttpMessage message, bool async, CancellationToken cancellationToken, int expectedStatus = 0)
    {
        // Disposing the message would dispose the response, which the caller keeps. Its body is buffered: nothing waits to be released.
        message.ResponseClassifier = expectedStatus switch
        {
            404 => ExpectedStatus.NotFound,
            409 => ExpectedStatus.Conflict,
            _ => message.ResponseClassifier,
        };
        if (async)
        {
            await endpoint.Pipeline.SendAsync(message, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            endpoint.Pipeline.Send(message, cancellationToken);
        }

        Response response = message.Response;
        return response.Status < 300 || response.Status == expectedStatus ? response : throw new RequestFailedException(response);
    }

    /// <summary>The result of a call that was made synchronously, and so has already finished.</summary>
    internal static T Finished<T>(this ValueTask<T> call) => call.GetAwaiter().GetResult();

    /// <summary>A status that a caller asked for is not logged as an error.</summary>
    private sealed class ExpectedStatus(int status) : ResponseClassifier
    {
        internal static readonly ExpectedStatus NotFound = new(404);
        internal static readonly ExpectedStatus Conflict = new(409);

        public override bool IsErrorResponse(HttpMessage message) => message.Response.Status != status && base.IsErrorResponse(message);
    }
}
