using Azure.Core;

namespace Azure.Data.Tables;

/// <summary>Transport, retries and diagnostics come from <see cref="ClientOptions"/>; this adds what Tables needs.</summary>
public class TableClientOptions : ClientOptions
{
    public TableClientOptions(ServiceVersion serviceVersion = ServiceVersion.V2020_12_06) => VersionString = serviceVersion switch
    {
        ServiceVersion.V2019_02_02 => "2019-02-02",
        ServiceVersion.V2020_12_06 => "2020-12-06",
        _ => throw new NotSupportedException(),
    };

    public enum ServiceVersion
    {
        V2019_02_02 = 1,
        V2020_12_06 = 2,
    }

    public TableAudience? Audience { get; set; }

    internal string VersionString { get; }
}
