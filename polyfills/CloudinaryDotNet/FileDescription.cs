namespace CloudinaryDotNet;

/// <summary>What to upload: a stream, a local file or the address of a remote one.</summary>
public class FileDescription : IDisposable
{
    public FileDescription(string name, Stream stream)
    {
        FileName = name;
        Stream = stream;
    }

    public FileDescription(string filePath)
    {
        FilePath = filePath;
        IsRemote = Uri.TryCreate(filePath, UriKind.Absolute, out Uri uri) && uri.Scheme is "http" or "https" or "ftp" or "s3" or "gs" or "data";
        FileName = IsRemote ? filePath : Path.GetFileName(filePath);
    }

    public string FileName { get; set; }

    public string FilePath { get; set; }

    public Stream Stream { get; set; }

    public bool IsRemote { get; }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            Stream?.Dispose();
        }
    }
}
