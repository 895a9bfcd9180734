using System.Security.Cryptography;
using System.Text;
using Azure.Core;
using Azure.Data.Tables;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>Who the client says it is: by key, by token, by connection string.</summary>
public sealed class TableCredentialTests
{
    private const string Key = "c2VjcmV0IGtleQ==";

    [Theory]
    [InlineData("https://acc.table.core.windows.net", "/acc/rows")]
    [InlineData("http://127.0.0.1:10002/devstoreaccount1", "/acc/devstoreaccount1/rows")]
    public async Task A_key_signs_date_account_and_path(string endpoint, string resource)
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        var client = new TableClient(new Uri(endpoint), "rows", new TableSharedKeyCredential("acc", Key), Options(transport));
        await client.AddEntityAsync(new TableEntity("p", "r"));
        AssertSigned(transport.Sent[0], resource);
    }

    [Fact]
    public async Task A_replaced_key_signs_the_next_request()
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        var credential = new TableSharedKeyCredential("acc", "b2xk");
        var client = new TableClient(new Uri("https://acc.table.core.windows.net"), "rows", credential, Options(transport));
        credential.SetAccountKey(Key);
        await client.AddEntityAsync(new TableEntity("p", "r"));
        AssertSigned(transport.Sent[0], "/acc/rows");
    }

    [Fact]
    public async Task Every_attempt_is_dated_and_signed_anew()
    {
        var transport = new StubTransport((_, number) => new StubResponse(number < 3 ? 503 : 204))
        {
            AfterSending = request =>
            {
                request.Headers.SetValue("x-ms-date", "stale");
                request.Headers.SetValue("Authorization", "stale");
            },
        };
        await KeyClient(transport).AddEntityAsync(new TableEntity("p", "r"));
        Assert.Equal(3, transport.Sent.Count);
        Assert.All(transport.Sent, sent => AssertSigned(sent, "/acc/rows"));
    }

    [Fact]
    public async Task Retries_end_where_the_options_say()
    {
        var transport = new StubTransport((_, _) => new StubResponse(503));
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => KeyClient(transport).AddEntityAsync(new TableEntity("p", "r")));
        Assert.Equal(4, transport.Sent.Count);
        Assert.Single(transport.Sent.Select(sent => sent.Headers["x-ms-client-request-id"]).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_refusal_is_not_retried()
    {
        var transport = new StubTransport((_, _) => new StubResponse(409));
        await Assert.ThrowsAsync<Azure.RequestFailedException>(() => KeyClient(transport).AddEntityAsync(new TableEntity("p", "r")));
        Assert.Single(transport.Sent);
    }

    [Theory]
    [InlineData(null, "https://storage.azure.com/.default")]
    [InlineData("AzureGov", "https://storage.azure.us/.default")]
    [InlineData("https://other.example/", "https://other.example/.default")]
    public async Task A_token_is_sent_as_bearer_for_the_audience(string? audience, string scope)
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        var credential = new StubCredential();
        TableClientOptions options = Options(transport);
        if (audience is not null)
        {
            options.Audience = new TableAudience(audience);
        }

        await new TableClient(new Uri("https://acc.table.core.windows.net"), "rows", credential, options).AddEntityAsync(new TableEntity("p", "r"));

        Assert.Equal("Bearer stub-token", transport.Sent[0].Headers["Authorization"]);
        Assert.Equal([scope], credential.Scopes);
    }

    [Fact]
    public async Task A_token_is_never_sent_without_TLS()
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        var client = new TableClient(new Uri("http://acc.table.core.windows.net"), "rows", new StubCredential(), Options(transport));
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.AddEntityAsync(new TableEntity("p", "r")));
        Assert.Empty(transport.Sent);
    }

    [Theory]
    [InlineData("UseDevelopmentStorage=true", "http://127.0.0.1:10002/devstoreaccount1", "devstoreaccount1")]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=" + Key + ";EndpointSuffix=core.windows.net", "https://acc.table.core.windows.net/", "acc")]
    [InlineData("AccountName=acc;AccountKey=" + Key + ";TableEndpoint=http://127.0.0.1:1/acc;", "http://127.0.0.1:1/acc", "acc")]
    [InlineData("TableEndpoint=https://acc.table.core.windows.net/;SharedAccessSignature=sv=1&sig=x%3D", "https://acc.table.core.windows.net/", "acc")]
    public void A_connection_string_names_endpoint_and_account(string text, string endpoint, string account)
    {
        var client = new TableServiceClient(text);
        Assert.Equal((endpoint, account), (client.Uri.AbsoluteUri, client.AccountName));
        Assert.Equal(endpoint.TrimEnd('/') + "/rows", client.GetTableClient("rows").Uri.AbsoluteUri);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AccountName=acc")]
    [InlineData("AccountName=;AccountKey=x")]
    [InlineData("nonsense")]
    public void A_connection_string_that_says_too_little_is_refused(string text) =>
        Assert.ThrowsAny<Exception>(() => new TableServiceClient(text));

    [Fact]
    public async Task A_shared_access_signature_travels_in_every_address()
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        var client = new TableClient(new Uri("https://acc.table.core.windows.net/rows?sv=1&sig=x%3D"), Options(transport));
        await client.AddEntityAsync(new TableEntity("p", "r"));
        Assert.StartsWith("https://acc.table.core.windows.net/rows?sv=1&sig=x%3D&$format=", transport.Sent[0].Uri.AbsoluteUri, StringComparison.Ordinal);
        Assert.False(transport.Sent[0].Headers.ContainsKey("Authorization"));
        Assert.Throws<ArgumentException>(() => new TableServiceClient(new Uri("http://acc.table.core.windows.net/?sig=x")));
    }

    private static void AssertSigned(SentRequest sent, string resource)
    {
        byte[] text = Encoding.UTF8.GetBytes($"{sent.Headers["x-ms-date"]}\n{resource}");
        string signature = Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(Key), text));
        Assert.Equal($"SharedKeyLite acc:{signature}", sent.Headers["Authorization"]);
        Assert.True(DateTimeOffset.TryParseExact(sent.Headers["x-ms-date"], "R", null, System.Globalization.DateTimeStyles.None, out _));
    }

    private static TableClient KeyClient(StubTransport transport) =>
        new(new Uri("https://acc.table.core.windows.net"), "rows", new TableSharedKeyCredential("acc", Key), Options(transport));

    private static TableClientOptions Options(StubTransport transport)
    {
        var options = new TableClientOptions { Transport = transport };
        options.Retry.Mode = RetryMode.Fixed;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        return options;
    }

    private sealed class StubCredential : TokenCredential
    {
        internal string[] Scopes { get; private set; } = [];

        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            Scopes = requestContext.Scopes;
            return new AccessToken("stub-token", DateTimeOffset.MaxValue);
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            ValueTask.FromResult(GetToken(requestContext, cancellationToken));
    }
}
