using System.Text.Json;
using Azure;
using Azure.Identity;

namespace ServerlessAi.Storage;

/// <summary>Tells storage that is out of reach from storage that said no.</summary>
public static class StorageFaults
{
    /// <summary>
    /// The service did not answer, or answered that it cannot or will not now. For a write this leaves open whether it happened. Being denied counts:
    /// it is a state of the installation, not of the request, and passes when the role is assigned.
    /// </summary>
    public static bool IsUnavailable(Exception exception) => exception switch
    {
        RequestFailedException failed => failed.Status is 0 or 401 or 403 or 408 or 429 or >= 500,
        AggregateException many => many.InnerExceptions.Count > 0 && many.InnerExceptions.All(IsUnavailable),
        AuthenticationFailedException or HttpRequestException or IOException or TimeoutException => true,
        // Azure.Core reports its own network timeout as a cancellation; callers check their own token first.
        OperationCanceledException => true,
        _ => false,
    };

    /// <summary>Any way in which storage can fail to give or take what may as well be done without.</summary>
    public static bool IsAny(Exception exception) => exception is RequestFailedException or JsonException or InvalidDataException || IsUnavailable(exception);

    /// <summary>Somebody else was first: the condition or the row's absence no longer held. Nothing was written.</summary>
    public static bool IsConflict(RequestFailedException exception) => exception.Status is 409 or 412;

    public static bool IsMissing(RequestFailedException exception) => exception.Status == 404;
}
