using System.Net;

namespace CloudinaryDotNet.Actions;

public class Error
{
    public string Message { get; set; }
}

/// <summary>Refusals are values: look at <see cref="Error"/> before anything else.</summary>
public abstract class BaseResult
{
    public HttpStatusCode StatusCode { get; set; }

    public Error Error { get; set; }
}

public abstract class UploadResult : BaseResult
{
    public string AssetId { get; set; }

    public string PublicId { get; set; }

    public string Version { get; set; }

    public Uri Url { get; set; }

    public Uri SecureUrl { get; set; }

    public long Bytes { get; set; }

    public string Format { get; set; }
}

public class RawUploadResult : UploadResult
{
    public string Signature { get; set; }

    public string ResourceType { get; set; }

    public string Etag { get; set; }
}

public class ImageUploadResult : RawUploadResult
{
    public int Width { get; set; }

    public int Height { get; set; }
}

public class DeletionResult : BaseResult
{
    /// <summary><c>ok</c> or <c>not found</c>.</summary>
    public string Result { get; set; }
}
