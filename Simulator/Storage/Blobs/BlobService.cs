using System.Globalization;
using System.Security;
using System.Security.Cryptography;
using System.Text;

namespace ServerlessAi.Simulator.Storage.Blobs;

/// <summary>A blob as kept, with the headers that come back with it.</summary>
internal sealed record StoredBlob(ReadOnlyMemory<byte> Content, IReadOnlyList<(string Name, string Value)> Headers);

/// <summary>Containers and block blobs that are put in one request: what the app uses. Not thread-safe: its owner lets one request in at a time.</summary>
internal sealed class BlobService(TimeProvider time)
{
    private readonly SortedDictionary<string, SortedDictionary<string, StoredBlob>> containers = new(StringComparer.Ordinal);
    private long version;

    public static SimulatedRequest Describe(long sequence, WireRequest request) =>
        new(sequence, request.Method, Uri.UnescapeDataString(request.Path.Split('/')[0]), Partition: null, IsTransaction: false);

    public WireReply Answer(WireRequest request)
    {
        try
        {
            var slash = request.Path.IndexOf('/', StringComparison.Ordinal);
            if (slash < 0)
            {
                return AnswerContainer(request, Uri.UnescapeDataString(request.Path));
            }

            var container = Find(Uri.UnescapeDataString(request.Path[..slash]));
            return AnswerBlob(request, container, Uri.UnescapeDataString(request.Path[(slash + 1)..]));
        }
        catch (ServiceErrorException error)
        {
            return Error(error, hasBody: !IsMethod(request, "HEAD"));
        }
    }

    private WireReply AnswerContainer(WireRequest request, string name)
    {
        if (request.Option("restype") is not "container" || request.Option("comp") is not null)
        {
            throw NotSimulated(request);
        }

        if (IsMethod(request, "PUT"))
        {
            return containers.TryAdd(name, new SortedDictionary<string, StoredBlob>(StringComparer.Ordinal))
                ? new WireReply(201, Stamp())
                : throw new ServiceErrorException(409, "ContainerAlreadyExists", "The specified container already exists.");
        }

        _ = Find(name);
        if (IsMethod(request, "DELETE"))
        {
            containers.Remove(name);
            return new WireReply(202);
        }

        return IsRead(request) ? new WireReply(200, Stamp()) : throw NotSimulated(request);
    }

    private WireReply AnswerBlob(WireRequest request, SortedDictionary<string, StoredBlob> container, string name)
    {
        if (request.Option("comp") is not null)
        {
            throw NotSimulated(request);
        }

        if (IsMethod(request, "PUT"))
        {
            return Put(request, container, name);
        }

        if (!container.TryGetValue(name, out var blob))
        {
            throw new ServiceErrorException(404, "BlobNotFound", "The specified blob does not exist.");
        }

        if (IsMethod(request, "DELETE"))
        {
            container.Remove(name);
            return new WireReply(202);
        }

        return IsRead(request) ? Read(request, blob) : throw NotSimulated(request);
    }

    private WireReply Put(WireRequest request, SortedDictionary<string, StoredBlob> container, string name)
    {
        if (request.Header("x-ms-blob-type") is not "BlockBlob")
        {
            throw NotSimulated(request);
        }

        if (request.Header("If-None-Match") is "*" && container.ContainsKey(name))
        {
            throw new ServiceErrorException(409, "BlobAlreadyExists", "The specified blob already exists.");
        }

        if (request.Header("If-Match") is { } tag && !(container.TryGetValue(name, out var present) && present.Headers.Contains(("ETag", tag))))
        {
            throw new ServiceErrorException(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.");
        }

        var stamp = Stamp();
        var metadata = request.Headers
            .Where(header => header.Key.StartsWith("x-ms-meta-", StringComparison.OrdinalIgnoreCase))
            .OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
            .Select(header => (header.Key, header.Value));
        IReadOnlyList<(string, string)> cache = request.Header("x-ms-blob-cache-control") is { } control ? [("Cache-Control", control)] : [];
        container[name] = new StoredBlob(request.Body, [
            .. stamp,
            .. metadata,
            .. cache,
            ("Content-Type", request.Header("x-ms-blob-content-type") ?? "application/octet-stream"),
            ("Accept-Ranges", "bytes"),
            ("x-ms-blob-type", "BlockBlob")]);
        return new WireReply(201, [.. stamp, ("Content-MD5", Convert.ToBase64String(MD5.HashData(request.Body.Span))), ("x-ms-request-server-encrypted", "true")]);
    }

    private static WireReply Read(WireRequest request, StoredBlob blob)
    {
        var (content, status, range) = (blob.Content, 200, "");
        if ((request.Header("x-ms-range") ?? request.Header("Range")) is { } wanted)
        {
            var bounds = wanted.Replace("bytes=", "", StringComparison.OrdinalIgnoreCase).Split('-');
            var first = int.Parse(bounds[0], CultureInfo.InvariantCulture);
            if (first >= content.Length)
            {
                throw new ServiceErrorException(416, "InvalidRange", "The range specified is invalid for the current size of the resource.");
            }

            var last = bounds[1].Length == 0 ? content.Length - 1L : Math.Min(content.Length - 1L, long.Parse(bounds[1], CultureInfo.InvariantCulture));
            (status, range) = (206, string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{last}/{content.Length}"));
            content = content[first..((int)last + 1)];
        }

        var length = ("Content-Length", content.Length.ToString(CultureInfo.InvariantCulture));
        IReadOnlyList<(string, string)> ranged = range.Length > 0 ? [("Content-Range", range)] : [];
        return new WireReply(status, IsMethod(request, "HEAD") ? ReadOnlyMemory<byte>.Empty : content, [.. blob.Headers, length, .. ranged]);
    }

    private SortedDictionary<string, StoredBlob> Find(string container) => containers.GetValueOrDefault(container)
        ?? throw new ServiceErrorException(404, "ContainerNotFound", "The specified container does not exist.");

    private IReadOnlyList<(string Name, string Value)> Stamp() =>
        [("ETag", string.Create(CultureInfo.InvariantCulture, $"\"0x{++version:X15}\"")), ("Last-Modified", time.GetUtcNow().ToString("R", CultureInfo.InvariantCulture))];

    public static WireReply Error(ServiceErrorException error, bool hasBody)
    {
        var xml = $"<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{error.Code}</Code><Message>{SecurityElement.Escape(error.Message)}</Message></Error>";
        return new WireReply(
            error.Status, hasBody ? Encoding.UTF8.GetBytes(xml) : [], ("Content-Type", "application/xml"), ("x-ms-error-code", error.Code));
    }

    private static bool IsRead(WireRequest request) => IsMethod(request, "GET") || IsMethod(request, "HEAD");

    private static bool IsMethod(WireRequest request, string method) => string.Equals(request.Method, method, StringComparison.OrdinalIgnoreCase);

    private static ServiceErrorException NotSimulated(WireRequest request) =>
        new(501, "NotImplemented", $"The simulator has no {request.Method} of this kind; add it where it is needed.");
}
