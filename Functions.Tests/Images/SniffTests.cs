using ServerlessAi.Images;

namespace ServerlessAi.Tests.Images;

public sealed class SniffTests
{
    [Theory]
    [InlineData("89504E470D0A1A0A0000000D49484452000003000000020008060000001F15C489", "image/png", 768, 512)]
    [InlineData("52494646240000005745425056503858 0A00000010000000FF0300FF0200000000", "image/webp", 1024, 768)]
    [InlineData("524946462400000057454250565038 4C180000002F3F01EF1000000000000000", "image/webp", 320, 957)]
    [InlineData("52494646240000005745425056503820180000003001009D012A400180020000000000", "image/webp", 320, 640)]
    [InlineData("FFD8FFE000104A46494600010100000100010000FFC0001108018002000301220002110103", "image/jpeg", 512, 384)]
    public void Type_and_size_are_read_from_the_bytes(string hex, string type, int width, int height)
    {
        var image = ImageBytes.Sniff(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal((type, width, height), (image?.ContentType, image?.Width, image?.Height));
    }

    [Theory]
    [InlineData("")]
    [InlineData("3C68746D6C3E3C626F64793E4E6F742066 6F756E643C2F626F64793E3C2F68746D6C3E")]
    [InlineData("89504E470D0A1A0A0000000D494844520000000000000000080600000 01F15C489")]
    [InlineData("FFD8FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF")]
    [InlineData("FFD8FFE00000FFE00000FFE00000FFE00000FFE00000FFE00000FFE00000FFE00000")]
    public void What_is_no_image_is_not_taken_for_one(string hex) =>
        Assert.Null(ImageBytes.Sniff(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))));
}
