using CloudinaryDotNet;

namespace ServerlessAi.Tests.Polyfills.CloudinaryApi;

/// <summary>Signatures and addresses, against the examples that Cloudinary publishes.</summary>
public sealed class CloudinarySignatureTests
{
    [Fact]
    public void Parameters_are_signed_as_documented()
    {
        var api = new Api(new Account("demo", "1234", "abcd"));
        var parameters = new Dictionary<string, object>(StringComparer.Ordinal) { ["timestamp"] = 1315060510, ["public_id"] = "sample_image" };
        Assert.Equal("b4ad47fb4e25c7bf5f92a20089f9db59bc302313", api.SignParameters(parameters));

        parameters["eager"] = "w_400,h_300,c_pad|w_260,h_200,c_crop";
        Assert.Equal("bfd09f95f331f558cbd1320e67aa8d488770583e", api.SignParameters(parameters));
    }

    [Fact]
    public void What_is_not_a_parameter_of_the_request_is_not_signed()
    {
        var api = new Api(new Account("demo", "1234", "abcd"));
        var parameters = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["timestamp"] = 1315060510,
            ["public_id"] = "sample_image",
            ["api_key"] = "1234",
            ["resource_type"] = "image",
            ["folder"] = null!,
        };
        Assert.Equal("b4ad47fb4e25c7bf5f92a20089f9db59bc302313", api.SignParameters(parameters));
    }

    [Fact]
    public void A_value_cannot_pass_for_another_parameter()
    {
        var api = new Api(new Account("demo", "1234", "abcd"));
        Assert.NotEqual(Sign(("a", "1&b=2")), Sign(("a", "1"), ("b", "2")));

        string Sign(params (string Name, string Value)[] parameters) =>
            api.SignParameters(parameters.ToDictionary(pair => pair.Name, pair => (object)pair.Value, StringComparer.Ordinal));
    }

    [Fact]
    public void Signed_addresses_carry_the_published_signatures()
    {
        var api = new Api(new Account("test123", "a", "b"));
        Transformation crop() => new Transformation().Crop("crop").Width(10).Height(20);
        Assert.Equal(
            "http://res.cloudinary.com/test123/image/upload/s--Ai4Znfl3--/c_crop,h_20,w_10/v1234/image.jpg",
            api.UrlImgUp.Version("1234").Transform(crop()).Signed(true).BuildUrl("image.jpg"));
        Assert.Equal(
            "http://res.cloudinary.com/test123/image/upload/s----SjmNDA--/v1234/image.jpg",
            api.UrlImgUp.Version("1234").Signed(true).BuildUrl("image.jpg"));
        Assert.Equal(
            "http://res.cloudinary.com/test123/image/upload/s--Ai4Znfl3--/c_crop,h_20,w_10/image.jpg",
            api.UrlImgUp.Transform(crop()).Signed(true).BuildUrl("image.jpg"));
    }

    [Fact]
    public void A_delivery_address_names_the_transformation_in_order()
    {
        var cloudinary = new Cloudinary("cloudinary://a:b@test123");
        cloudinary.Api.Secure = true;
        Transformation fill = new Transformation().Width(400).Height(300).Crop("fill").Gravity("auto").Quality("auto").FetchFormat("auto").Dpr(2.0);
        Assert.Equal(
            "https://res.cloudinary.com/test123/image/upload/c_fill,dpr_2.0,f_auto,g_auto,h_300,q_auto,w_400/v1/previews/u1/cup.png",
            cloudinary.Api.UrlImgUp.Transform(fill).BuildUrl("previews/u1/cup.png"));
        Assert.Equal(
            "https://res.cloudinary.com/test123/image/upload/c_fill,w_100/e_sepia:50/a%20b.jpg",
            cloudinary.Api.UrlImgUp.Transform(new Transformation().Width(100).Crop("fill").Chain().Effect("sepia", 50)).Format("jpg").BuildUrl("a b"));
    }

    [Theory]
    [InlineData("folder/test", "v1/folder/test")]
    [InlineData("v1234/test", "v1234/test")]
    [InlineData("test", "test")]
    [InlineData("a%20b", "a%20b")]
    [InlineData("größe", "gr%C3%B6%C3%9Fe")]
    public void A_public_id_becomes_a_path(string publicId, string path) =>
        Assert.Equal($"http://res.cloudinary.com/test123/image/upload/{path}", new Api(new Account("test123")).UrlImgUp.BuildUrl(publicId));

    [Fact]
    public void An_account_comes_from_an_address()
    {
        Account account = new Cloudinary("cloudinary://key:secret@cloud").Api.Account;
        Assert.Equal(("cloud", "key", "secret"), (account.Cloud, account.ApiKey, account.ApiSecret));
        Assert.Throws<ArgumentException>(() => new Cloudinary("https://key:secret@cloud"));
        Assert.Throws<ArgumentException>(() => new Cloudinary(new Account()));
    }
}
