using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using ServerlessAi.Images;
using ServerlessAi.Providers.Images;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Tests.Providers;

public sealed class SampleTests
{
    [Theory]
    [InlineData("square", 768, 768)]
    [InlineData("portrait", 640, 960)]
    [InlineData("landscape", 960, 640)]
    public async Task A_picture_is_a_whole_PNG_in_the_shape_that_was_asked(string aspect, int width, int height)
    {
        var image = await DrawAsync("A red fox in the snow", aspect);
        Assert.Equal(("image/png", width, height), (image.ContentType, image.Width, image.Height));
        var chunks = Chunks(image.Content.ToArray());
        Assert.Equal(["IHDR", "IDAT", "IEND"], chunks.Select(chunk => chunk.Type));
        Assert.Equal([8, 2, 0, 0, 0], chunks[0].Content[8..]);
        using var rows = new ZLibStream(new MemoryStream(chunks[1].Content), CompressionMode.Decompress);
        using var pixels = new MemoryStream();
        await rows.CopyToAsync(pixels);
        Assert.Equal(height * (1 + 3 * width), pixels.Length);
    }

    [Fact]
    public async Task The_same_prompt_gives_the_same_picture_and_another_prompt_or_style_another()
    {
        var fox = (await DrawAsync("A red fox")).Content.ToArray();
        Assert.Equal(fox, (await DrawAsync("A red fox")).Content.ToArray());
        Assert.NotEqual(fox, (await DrawAsync("A red dog")).Content.ToArray());
        Assert.NotEqual(fox, (await DrawAsync("A red fox", style: "watercolour")).Content.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("日本語")]
    [InlineData("Größe & façade: “quoted” \0\u0007 \ud83e\udd8a")]
    public async Task Any_text_can_be_drawn(string prompt) => Assert.Equal(768, (await DrawAsync(prompt)).Width);

    [Fact]
    public async Task A_long_prompt_or_word_does_not_outgrow_the_picture()
    {
        Assert.Equal(640, (await DrawAsync(new string('w', 4_000), "portrait")).Width);
        Assert.Equal(640, (await DrawAsync(string.Join(' ', Enumerable.Repeat("word", 800)), "portrait")).Width);
    }

    [Fact]
    public async Task A_text_says_what_it_is_and_counts_its_tokens()
    {
        var result = (await new SampleTextProvider().CompleteAsync(new TextCall("gpt-4.1", "What is the sea?", 100, Temperature: null), CancellationToken.None)).Value!;
        Assert.Contains("without an AI", result.Text, StringComparison.Ordinal);
        Assert.Contains("What is the sea?", result.Text, StringComparison.Ordinal);
        Assert.Equal("stop", result.FinishReason);
        Assert.True(result.Usage is { InputTokens: > 0, OutputTokens: > 0, IsReported: true });
    }

    [Fact]
    public async Task A_text_ends_at_the_tokens_allowed()
    {
        var result = (await new SampleTextProvider().CompleteAsync(new TextCall("gpt-4.1", "What is the sea?", 5, Temperature: null), CancellationToken.None)).Value!;
        Assert.Equal(("length", 5L), (result.FinishReason, result.Usage.OutputTokens));
    }

    private static async Task<ImageBytes> DrawAsync(string prompt, string aspect = "square", string style = "") =>
        (await new SampleImageProvider().GenerateAsync(new ImageCall("sample-image", prompt, aspect, style), CancellationToken.None)).Value!;

    /// <summary>Walks the file as a decoder does, checking each chunk's CRC with the standard's own bitwise definition.</summary>
    private static List<(string Type, byte[] Content)> Chunks(byte[] png)
    {
        Assert.Equal([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], png[..8]);
        var chunks = new List<(string, byte[])>();
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            Assert.Equal(Crc(png.AsSpan(at + 4, 4 + length)), BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)));
            chunks.Add((Encoding.ASCII.GetString(png, at + 4, 4), png[(at + 8)..(at + 8 + length)]));
            at += 12 + length;
        }

        return chunks;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
            }
        }

        return ~crc;
    }
}
