using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>What goes over the wire, against canned answers: the parts of the protocol that an emulator treats more leniently.</summary>
public sealed class TableWireTests
{
    private const string Json = "application/json;odata=minimalmetadata";

    [Fact]
    public async Task A_row_is_added_as_annotated_JSON()
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        var entity = new TableEntity("p", "r")
        {
            ["L"] = 5L,
            ["D"] = 3.0,
            ["B"] = new byte[] { 1 },
            ["S"] = "ü",
            ["N"] = null,
            ["I"] = 1,
            ["E"] = DayOfWeek.Friday,
            ["G"] = Guid.Empty,
            ["T"] = new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            ETag = new ETag("x"),
            Timestamp = DateTimeOffset.UnixEpoch,
        };
        await Table(transport).AddEntityAsync(entity);

        SentRequest sent = Assert.Single(transport.Sent);
        Assert.Equal(("POST", "https://acc.table.example/rows?%24format=application%2Fjson%3Bodata%3Dminimalmetadata"), (sent.Method, Address(sent)));
        Assert.Equal(("2020-12-06", "3.0", Json, "return-no-content", "application/json;odata=nometadata"), (
            sent.Headers["x-ms-version"], sent.Headers["DataServiceVersion"], sent.Headers["Accept"], sent.Headers["Prefer"], sent.Headers["Content-Type"]));
        const string Expected = """
            {"PartitionKey":"p","RowKey":"r","L@odata.type":"Edm.Int64","L":"5","D@odata.type":"Edm.Double","D":3,
            "B@odata.type":"Edm.Binary","B":"AQ==","S":"ü","I":1,"E":"Friday",
            "G@odata.type":"Edm.Guid","G":"00000000-0000-0000-0000-000000000000","T@odata.type":"Edm.DateTime","T":"2024-01-02T03:04:05.0000000Z"}
            """;
        Assert.Equal(Expected.ReplaceLineEndings(""), sent.Body);
    }

    [Theory]
    [InlineData(TableUpdateMode.Merge, "PATCH")]
    [InlineData(TableUpdateMode.Replace, "PUT")]
    public async Task Keys_are_quoted_and_escaped_in_the_address(TableUpdateMode mode, string method)
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        await Table(transport).UpdateEntityAsync(new TableEntity("it's", "a/b c"), new ETag("W/\"1\""), mode);
        await Table(transport).UpsertEntityAsync(new TableEntity("p", "r"), mode);

        Assert.StartsWith("https://acc.table.example/rows(PartitionKey='it%27%27s',RowKey='a%2Fb%20c')?", transport.Sent[0].Uri.AbsoluteUri, StringComparison.Ordinal);
        Assert.All(transport.Sent, sent => Assert.Equal(method, sent.Method));
        Assert.Equal("W/\"1\"", transport.Sent[0].Headers["If-Match"]);
        Assert.False(transport.Sent[1].Headers.ContainsKey("If-Match"));
    }

    [Fact]
    public async Task An_empty_page_with_a_continuation_is_not_the_end()
    {
        var transport = new StubTransport((_, number) => number switch
        {
            1 => new StubResponse(200, """{"value":[]}""", ("x-ms-continuation-NextPartitionKey", "1!4!cA--"), ("x-ms-continuation-NextRowKey", "1!4!cg--")),
            2 => new StubResponse(200, """{"value":[{"PartitionKey":"p","RowKey":"r"}]}""", ("x-ms-continuation-NextPartitionKey", "1!4!cQ--")),
            _ => new StubResponse(200, """{"value":[{"PartitionKey":"q","RowKey":"s"}]}"""),
        });
        List<Page<TableEntity>> pages = await Table(transport).QueryAsync<TableEntity>("N gt 1", 5, ["PartitionKey", "RowKey"]).AsPages().ToListAsync();

        Assert.Equal(["1!4!cA-- 1!4!cg--", "1!4!cQ-- ", null], pages.Select(page => page.ContinuationToken));
        Assert.Equal(2, pages.Sum(page => page.Values.Count));
        Assert.EndsWith("&$top=5&$select=PartitionKey,RowKey&$filter=N gt 1", Uri.UnescapeDataString(transport.Sent[0].Uri.Query), StringComparison.Ordinal);
        Assert.EndsWith("&NextPartitionKey=1!4!cA--&NextRowKey=1!4!cg--", Uri.UnescapeDataString(transport.Sent[1].Uri.Query), StringComparison.Ordinal);
        Assert.EndsWith("&NextPartitionKey=1!4!cQ--", Uri.UnescapeDataString(transport.Sent[2].Uri.Query), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_annotation_types_its_value_wherever_it_stands()
    {
        const string Row = """
            {"odata.metadata":"m","odata.etag":"W/\"1\"","PartitionKey":"p","RowKey":"r","L":"5","A@odata.type":"Edm.Guid","B":3,"A":"00000000-0000-0000-0000-000000000000",
            "B@odata.type":"Edm.Double","L@odata.type":"Edm.Int64","N":1.5,"X@odata.type":"Edm.Int64"}
            """;
        var transport = new StubTransport((_, _) => new StubResponse(200, Row));
        TableEntity read = await Table(transport).GetEntityAsync<TableEntity>("p", "r");
        Assert.Equal((5L, Guid.Empty, 3.0, 1.5), (read.GetInt64("L"), read.GetGuid("A"), read.GetDouble("B"), read.GetDouble("N")));
        Assert.Equal(new ETag("W/\"1\""), read.ETag);
        Assert.Equal(["A", "B", "L", "N", "PartitionKey", "RowKey", "odata.etag"], read.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Tables_continue_at_the_next_table_name()
    {
        var transport = new StubTransport((_, number) => number == 1
            ? new StubResponse(200, """{"value":[{"TableName":"a"}]}""", ("x-ms-continuation-NextTableName", "b"))
            : new StubResponse(200, """{"value":[{"TableName":"b"}]}"""));
        List<TableItem> tables = await Service(transport).QueryAsync().ToListAsync();
        Assert.Equal(["a", "b"], tables.Select(table => table.Name));
        Assert.EndsWith("&NextTableName=b", transport.Sent[1].Uri.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_is_one_batch_with_one_changeset()
    {
        var transport = new StubTransport((_, _) => new StubResponse(400));
        await Assert.ThrowsAsync<RequestFailedException>(() => Table(transport).SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, new TableEntity("p", "ä")),
            new(TableTransactionActionType.Delete, new TableEntity("p", "it's")),
            new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "r"), new ETag("W/\"1\"")),
        ]));

        SentRequest sent = transport.Sent[0];
        Assert.Equal("https://acc.table.example/$batch", sent.Uri.AbsoluteUri);
        string batch = sent.Headers["Content-Type"].Split("boundary=")[1];
        string changeset = sent.Body.Split("boundary=")[1].Split("\r\n")[0];
        const string Query = "?$format=application%2Fjson%3Bodata%3Dminimalmetadata HTTP/1.1";
        const string Common = "Host: acc.table.example\nDataServiceVersion: 3.0\nAccept: application/json;odata=minimalmetadata\n";
        const string Content = "Content-Type: application/json;odata=nometadata\nContent-Length: ";
        string part = $"--{changeset}\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\n";
        string expected =
            $"--{batch}\nContent-Type: multipart/mixed; boundary={changeset}\n\n" +
            $"{part}POST https://acc.table.example/rows{Query}\n{Common}Prefer: return-no-content\n{Content}34\n\n" +
            """{"PartitionKey":"p","RowKey":"ä"}""" + "\n" +
            $"{part}DELETE https://acc.table.example/rows(PartitionKey='p',RowKey='it%27%27s'){Query}\n{Common}If-Match: *\n\n\n" +
            $"{part}PUT https://acc.table.example/rows(PartitionKey='p',RowKey='r'){Query}\n{Common}If-Match: W/\"1\"\n{Content}33\n\n" +
            """{"PartitionKey":"p","RowKey":"r"}""" + "\n" +
            $"--{changeset}--\n--{batch}--\n";
        Assert.Equal(expected.Replace("\n", "\r\n", StringComparison.Ordinal), sent.Body);
    }

    [Fact]
    public async Task More_than_a_hundred_rows_are_left_to_the_service_to_refuse()
    {
        const string Refusal =
            "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n" +
            "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n" +
            "HTTP/1.1 400 Bad Request\r\nDataServiceVersion: 3.0;\r\nContent-Type: application/json;odata=minimalmetadata;charset=utf-8\r\n\r\n" +
            """{"odata.error":{"code":"InvalidInput","message":{"lang":"en-US","value":"99:The batch request operation exceeds the maximum 100 changes per change set.\nRequestId:1"}}}""" +
            "\r\n--changesetresponse_1--\r\n--batchresponse_1--\r\n";
        var transport = new StubTransport((_, _) => new StubResponse(202, Refusal, ("Content-Type", "multipart/mixed; boundary=batchresponse_1")));
        IEnumerable<TableTransactionAction> actions = Enumerable.Range(0, 101)
            .Select(row => new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("p", FormattableString.Invariant($"{row}"))));

        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() => Table(transport).SubmitTransactionAsync(actions));
        Assert.Equal((400, "InvalidInput", 99), (failure.Status, failure.ErrorCode, failure.FailedTransactionActionIndex));
        Assert.Equal(101, transport.Sent[0].Body.Split("POST https://acc.table.example/rows?").Length - 1);
    }

    [Fact]
    public async Task An_error_that_is_not_the_services_own_still_fails_with_its_status()
    {
        var transport = new StubTransport((_, _) => new StubResponse(403, "<html>proxy</html>"));
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => Table(transport).AddEntityAsync(new TableEntity("p", "r")));
        Assert.Equal((403, null), (failure.Status, failure.ErrorCode));
        await Assert.ThrowsAsync<RequestFailedException>(() => Table(transport).SubmitTransactionAsync(
            [new(TableTransactionActionType.Add, new TableEntity("p", "r"))]));
    }

    [Fact]
    public async Task A_table_that_is_being_deleted_is_not_taken_for_one_that_exists()
    {
        const string Deleting = """{"odata.error":{"code":"TableBeingDeleted","message":{"lang":"en-US","value":"Try again."}}}""";
        var transport = new StubTransport((_, _) => new StubResponse(409, Deleting));
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => Table(transport).CreateIfNotExistsAsync());
        Assert.True(failure.ErrorCode == TableErrorCode.TableBeingDeleted);
    }

    [Fact]
    public async Task A_date_without_UTC_is_refused_before_it_is_sent()
    {
        var transport = new StubTransport((_, _) => new StubResponse(204));
        var entity = new TableEntity("p", "r") { ["T"] = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Unspecified) };
        await Assert.ThrowsAsync<NotSupportedException>(() => Table(transport).AddEntityAsync(entity));
        Assert.Empty(transport.Sent);
    }

    private static string Address(SentRequest sent) => sent.Uri.AbsoluteUri.Replace("?$format", "?%24format", StringComparison.Ordinal);

    private static TableClient Table(StubTransport transport) => Service(transport).GetTableClient("rows");

    private static TableServiceClient Service(StubTransport transport)
    {
        var options = new TableClientOptions { Transport = transport };
        options.Retry.MaxRetries = 0;
        return new TableServiceClient(new Uri("https://acc.table.example"), new TableSharedKeyCredential("acc", "a2V5"), options);
    }
}
