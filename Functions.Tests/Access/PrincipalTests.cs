using static ServerlessAi.Tests.Access.Credential;

namespace ServerlessAi.Tests.Access;

public sealed class PrincipalTests
{
    private const string RoleType = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

    private static readonly Dictionary<string, string?> PlatformOn = new()
    {
        ["Tests:Environment"] = Production,
        ["WEBSITE_AUTH_ENABLED"] = "True",
        ["Access:AdminRole"] = "Owner",
    };

    [Fact]
    public async Task Whom_the_platform_signed_in_is_a_user_of_that_provider()
    {
        await using var app = await TestApp.StartAsync(PlatformOn);

        Assert.Equal("aad:2534519c", (await app.GetAsync("balance", Principal("aad", EntraId, "2534519c", (NameId, "gFO")))).Text("userId"));
        Assert.Equal("google:2534519c", (await app.GetAsync("balance", Principal("google", NameId, "2534519c"))).Text("userId"));
        Assert.Equal("google:2534519c", (await app.GetAsync("balance", Principal("Google", NameId, "2534519c", (EntraId, "chosen by the user")))).Text("userId"));
        Assert.Equal(200, (await app.GetAsync("balance?userId=aad:x", Principal("aad", EntraId, "x"))).Status);
        Assert.Equal(403, (await app.GetAsync("balance?userId=aad:y", Principal("aad", EntraId, "x"))).Status);
    }

    [Theory]
    [InlineData("False")]
    [InlineData("0")]
    [InlineData(null)]
    public async Task Where_the_platform_does_not_sign_users_in_its_header_is_anybodys_tale(string? enabled)
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(PlatformOn) { ["WEBSITE_AUTH_ENABLED"] = enabled });
        var forged = Principal("aad", EntraId, "ann", ("roles", "Owner"));

        Assert.Equal(401, (await app.GetAsync("balance", forged)).Status);
        Assert.Equal(401, (await app.GetAsync("manage/keys", forged)).Status);
        Assert.Equal("bob", (await app.GetAsync("balance", All(forged, Bearer(await app.KeyAsync("bob"))))).Text("userId"));
    }

    [Fact]
    public async Task The_configured_role_makes_an_admin_and_no_other_does()
    {
        await using var app = await TestApp.StartAsync(PlatformOn);

        Assert.Equal(200, (await app.GetAsync("manage/keys", Principal("aad", EntraId, "ann", ("roles", "Owner")))).Status);
        Assert.Equal(200, (await app.GetAsync("manage/keys", Principal("google", NameId, "ann", (RoleType, "Owner")))).Status);
        // The short name is Entra's alone.
        Assert.Equal(403, (await app.GetAsync("manage/keys", Principal("google", NameId, "ann", ("roles", "Owner")))).Status);
        foreach (var (type, value) in new[] { ("roles", "owner"), ("roles", "Owners"), ("roles", "Reader,Owner"), ("role_typ", "Owner"), ("name", "Owner"), ("", "Owner") })
        {
            Assert.Equal(403, (await app.GetAsync("manage/keys", Principal("aad", EntraId, "ann", (type, value)))).Status);
        }
    }

    [Fact]
    public async Task Without_a_configured_role_nobody_becomes_an_admin_by_signing_in()
    {
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(PlatformOn) { ["Access:AdminRole"] = null });

        Assert.Equal(403, (await app.GetAsync("manage/keys", Principal("aad", EntraId, "ann", ("roles", "Admin"), ("roles", "")))).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"auth_typ":"aad","claims":null}""")]
    [InlineData("""{"auth_typ":"aad","claims":[null]}""")]
    [InlineData("""{"auth_typ":"aad","claims":[{"typ":"http://schemas.microsoft.com/identity/claims/objectidentifier","val":""}]}""")]
    [InlineData("""{"auth_typ":"aad","claims":[{"typ":"http://schemas.microsoft.com/identity/claims/objectidentifier","val":7}]}""")]
    [InlineData("""{"auth_typ":"aad:x","claims":[{"typ":"http://schemas.microsoft.com/identity/claims/objectidentifier","val":"ann"}]}""")]
    [InlineData("""{"auth_typ":"system","claims":[{"typ":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier","val":"warm-cache"}]}""")]
    [InlineData("""{"auth_typ":"guest-1","claims":[{"typ":"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier","val":"x"}]}""")]
    [InlineData("""{"identityProvider":"aad","userId":"ann","userRoles":["Owner"]}""")]
    public async Task A_principal_that_names_nobody_is_nobody(string json)
    {
        await using var app = await TestApp.StartAsync(PlatformOn);

        var reply = await app.GetAsync("balance", Principal(json));

        Assert.Equal((401, "unauthenticated"), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("not base64")]
    [InlineData("ew==")]
    [InlineData("e30")]
    public async Task A_header_that_is_no_principal_is_nobody(string header)
    {
        await using var app = await TestApp.StartAsync(PlatformOn);

        Assert.Equal(401, (await app.GetAsync("balance", Header("X-MS-CLIENT-PRINCIPAL", header))).Status);
    }

    [Fact]
    public async Task Two_ids_in_one_principal_are_none()
    {
        await using var app = await TestApp.StartAsync(PlatformOn);

        Assert.Equal(401, (await app.GetAsync("balance", Principal("google", NameId, "ann", (NameId, "bob")))).Status);
    }

    [Fact]
    public async Task A_key_comes_before_the_principal_and_the_platforms_own_bearer_token_does_not()
    {
        await using var app = await TestApp.StartAsync(PlatformOn);
        var principal = Principal("aad", EntraId, "x");

        Assert.Equal("bob", (await app.GetAsync("balance", All(principal, Bearer(await app.KeyAsync("bob"))))).Text("userId"));
        Assert.Equal("bob", (await app.GetAsync("balance", All(principal, Bearer(await app.TokenAsync("bob"))))).Text("userId"));
        Assert.Equal("aad:x", (await app.GetAsync("balance", All(principal, Bearer("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")))).Text("userId"));
        Assert.Equal(401, (await app.GetAsync("balance", All(principal, Bearer("sai_abc_def")))).Status);
    }
}
