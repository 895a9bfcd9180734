using System.Reflection;

namespace ServerlessAi.Tests.Polyfills.PublishedApi;

/// <summary>
/// A polyfill may have less than the package it stands for, never more: what compiles here must compile against the package. The lists beside
/// this file are the packages' public members.
/// </summary>
public sealed class PublishedApiTests
{
    public static TheoryData<string> Polyfills => new()
    {
        "Azure.Data.Tables",
        "CloudinaryDotNet",
        "System.IO.Hashing",
        "Microsoft.Azure.Functions.Worker",
        "Microsoft.Azure.Functions.Worker.Core",
        "Microsoft.Azure.Functions.Worker.Extensions.Abstractions",
        "Microsoft.Azure.Functions.Worker.Extensions.Http",
        "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore",
        "Microsoft.Azure.Functions.Worker.Extensions.Timer",
    };

    [Theory]
    [MemberData(nameof(Polyfills))]
    public void A_polyfill_has_no_member_that_the_package_lacks(string assembly)
    {
        HashSet<string> published = Published(assembly);
        Assert.NotEmpty(published);
        Assert.Empty(Invented(published, Assembly.Load(assembly).GetExportedTypes()));
    }

    [Fact]
    public void The_comparison_notices_each_kind_of_invented_member()
    {
        HashSet<string> published = [.. ApiDump.Of([typeof(Honest)]).Select(line => line.Replace(nameof(Honest), nameof(Inventive), StringComparison.Ordinal))];
        string[] invented = Invented(published, [typeof(Inventive)]);

        string name = typeof(Inventive).FullName!.Replace('+', '.');
        Assert.Equal(
        [
            $"{name} implements System.IDisposable",
            $"{name}.Dispose() -> System.Void",
            $"{name}.Extra : System.Int32",
            $"{name}.Load(System.Int32 count=2) -> System.Void",
            $"{name}.Open(System.String path) -> System.Void virtual",
            $"{name}.set_Size(System.Int64 value) -> System.Void",
        ],
        invented);
    }

    private static string[] Invented(HashSet<string> published, IEnumerable<Type> types) => [.. ApiDump.Of(types).Where(line => !published.Contains(line))];

    private static HashSet<string> Published(string assembly)
    {
        using Stream list = typeof(PublishedApiTests).Assembly.GetManifestResourceStream($"{assembly}.txt")
            ?? throw new InvalidOperationException($"There is no list of {assembly}'s members.");
        using var reader = new StreamReader(list);
        return [.. reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    public class Honest
    {
        public long Size { get; }

        public void Load(int count = 1) => _ = count;

        public void Open(string path) => _ = path;
    }

    public class Inventive : IDisposable
    {
        public int Extra;

        public long Size { get; set; }

        public void Load(int count = 2) => _ = count;

        public virtual void Open(string path) => _ = path;

        public void Dispose() => GC.SuppressFinalize(this);
    }
}
