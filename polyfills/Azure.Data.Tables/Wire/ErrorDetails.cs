using System.Globalization;
using System.Text.Json;
using Azure.Core;

namespace Azure.Data.Tables.Wire;

/// <summary>Reads <c>{"odata.error":{"code":...,"message":{"value":...}}}</c>. In a transaction the message starts with the index of the culprit.</summary>
internal sealed class ErrorDetails : RequestFailedDetailsParser
{
    internal static readonly ErrorDetails Parser = new();

    public override bool TryParse(Response response, out ResponseError error, out IDictionary<string, string> data)
    {
        error = null;
        data = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using JsonDocument body = JsonDocument.Parse(response.Content.ToMemory());
            JsonElement details = body.RootElement.GetProperty("odata.error");
            string message = details.GetProperty("message").GetProperty("value").GetString();
            int colon = message.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && int.TryParse(message.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            {
                data[TableTransactionFailedException.FailedEntityKey] = index.ToString(CultureInfo.InvariantCulture);
                message += "\n The index of the entity that caused the error can be found in FailedTransactionActionIndex.";
            }

            error = new ResponseError(details.GetProperty("code").GetString(), message);
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // A gateway answered with something else; the status alone has to do.
            return false;
        }
    }
}
