using System.ClientModel;
using System.Text.Json;
using Azure.Identity;

namespace ServerlessAi.Providers;

/// <summary>What is common to the errors of all vendors.</summary>
internal static class VendorErrors
{
    private const int DetailLimit = 300;
    private const int KeyPrefix = 5;

    /// <summary>What a status means where the body says nothing more precise.</summary>
    public static ProviderFailure FromStatus(int status) => status switch
    {
        401 or 403 => ProviderFailure.Unauthorized,
        // 402 is how some compatible servers say that our balance is used up.
        402 or 429 => ProviderFailure.RateLimited,
        404 => ProviderFailure.ModelNotFound,
        408 => ProviderFailure.Timeout,
        503 or 529 => ProviderFailure.Overloaded,
        >= 500 => ProviderFailure.Unavailable,
        >= 400 => ProviderFailure.InvalidRequest,
        _ => ProviderFailure.BadAnswer,
    };

    /// <summary>Whether the request can have reached the vendor. Only what surely broke before it went out counts as never made.</summary>
    public static ProviderFailure FromNetwork(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpRequestException
                {
                    HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                        or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
                })
            {
                return ProviderFailure.Unavailable;
            }
        }

        return ProviderFailure.ConnectionLost;
    }

    /// <summary>Runs a call so that whatever goes wrong at the vendor, or on the way, comes back as a failure. Only cancellation throws.</summary>
    public static async Task<ProviderOutcome<T>> GuardAsync<T>(Func<Task<ProviderOutcome<T>>> call)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (exception is ClientResultException or HttpRequestException or IOException)
        {
            // These messages come from the network stack and name hosts and ports, never headers.
            return ProviderOutcome<T>.Failed(FromNetwork(exception), Shorten(exception.Message, key: null));
        }
        catch (JsonException)
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.BadAnswer, "The answer is not the JSON that the vendor documents.");
        }
        catch (AuthenticationFailedException)
        {
            return ProviderOutcome<T>.Failed(ProviderFailure.Unauthorized, "The app's identity got no token for the vendor.");
        }
    }

    /// <summary>A vendor's words, made short, and without our key: some vendors repeat a wrong key, or most of it.</summary>
    public static string? Shorten(string? message, string? key)
    {
        if (string.IsNullOrWhiteSpace(message))
        {
            return null;
        }

        if (key is { Length: > KeyPrefix * 2 })
        {
            var words = message.Replace(key, "***", StringComparison.Ordinal).Split(' ');
            message = string.Join(' ', words.Select(word => word.StartsWith(key[..KeyPrefix], StringComparison.Ordinal) ? "***" : word));
        }

        return message.Length <= DetailLimit ? message : string.Concat(message.AsSpan(0, DetailLimit - 1), "…");
    }
}
