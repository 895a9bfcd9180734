namespace CloudinaryDotNet.Actions;

public enum ResourceType
{
    Image = 0,
    Raw = 1,
    Video = 2,
    Auto = 3,
}

public class BasicRawUploadParams : BaseParams
{
    public FileDescription File { get; set; }

    public string PublicId { get; set; }

    public virtual ResourceType ResourceType => ResourceType.Raw;

    public override void Check()
    {
        if (File is null)
        {
            throw new ArgumentException("File must be specified in UploadParams!");
        }

        if (!File.IsRemote && File.Stream is null && string.IsNullOrEmpty(File.FilePath))
        {
            throw new ArgumentException("File is not ready!");
        }

        if (string.IsNullOrEmpty(File.FileName))
        {
            throw new ArgumentException("File name must be specified in UploadParams!");
        }
    }

    public override SortedDictionary<string, object> ToParamsDictionary()
    {
        SortedDictionary<string, object> parameters = base.ToParamsDictionary();
        AddParam(parameters, "public_id", PublicId);
        return parameters;
    }
}

public class RawUploadParams : BasicRawUploadParams
{
    public string Folder { get; set; }

    public string AssetFolder { get; set; }

    public string Tags { get; set; }

    public bool? Overwrite { get; set; }

    public bool? Invalidate { get; set; }

    public bool? UseFilename { get; set; }

    public bool? UniqueFilename { get; set; }

    public override SortedDictionary<string, object> ToParamsDictionary()
    {
        SortedDictionary<string, object> parameters = base.ToParamsDictionary();
        AddParam(parameters, "folder", Folder);
        AddParam(parameters, "asset_folder", AssetFolder);
        AddParam(parameters, "tags", Tags);
        AddParam(parameters, "overwrite", Overwrite);
        AddParam(parameters, "invalidate", Invalidate);
        AddParam(parameters, "use_filename", UseFilename);
        AddParam(parameters, "unique_filename", UniqueFilename);
        return parameters;
    }
}

public class ImageUploadParams : RawUploadParams
{
    /// <summary>Converts the picture while it is stored.</summary>
    public string Format { get; set; }

    /// <summary>Done once, before the picture is stored.</summary>
    public Transformation Transformation { get; set; }

    public override ResourceType ResourceType => ResourceType.Image;

    public override SortedDictionary<string, object> ToParamsDictionary()
    {
        SortedDictionary<string, object> parameters = base.ToParamsDictionary();
        AddParam(parameters, "format", Format);
        AddParam(parameters, "transformation", Transformation?.Generate());
        return parameters;
    }
}
