namespace CloudinaryDotNet.Actions;

public class DeletionParams(string publicId) : BaseParams
{
    public string PublicId { get; set; } = publicId;

    public ResourceType ResourceType { get; set; }

    /// <summary>Also drops cached copies from the delivery network.</summary>
    public bool Invalidate { get; set; }

    public override void Check()
    {
        if (string.IsNullOrEmpty(PublicId))
        {
            throw new ArgumentException("PublicId must be set!");
        }
    }

    public override SortedDictionary<string, object> ToParamsDictionary()
    {
        SortedDictionary<string, object> parameters = base.ToParamsDictionary();
        AddParam(parameters, "public_id", PublicId);
        AddParam(parameters, "invalidate", Invalidate);
        return parameters;
    }
}
