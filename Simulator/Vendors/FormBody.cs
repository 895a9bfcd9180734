using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>A multipart body as a stand-in received it.</summary>
public static class FormBody
{
    /// <summary>The fields, and the file if there is one. The base keeps such bodies as Latin-1, so that a file's bytes survive.</summary>
    public static (Dictionary<string, string> Fields, byte[] File) Read(ReceivedRequest request)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var file = Array.Empty<byte>();
        var boundary = HeaderUtilities.RemoveQuotes(MediaTypeHeaderValue.Parse(request.Headers["Content-Type"]).Boundary).Value!;
        var reader = new MultipartReader(boundary, new MemoryStream(Encoding.Latin1.GetBytes(request.Body)));
        while (reader.ReadNextSectionAsync().GetAwaiter().GetResult() is { } section)
        {
            using var content = new MemoryStream();
            section.Body.CopyTo(content);
            var name = HeaderUtilities.RemoveQuotes(section.GetContentDispositionHeader()!.Name).Value!;
            if (string.Equals(name, "file", StringComparison.Ordinal))
            {
                file = content.ToArray();
            }
            else
            {
                fields[name] = Encoding.UTF8.GetString(content.ToArray());
            }
        }

        return (fields, file);
    }
}
