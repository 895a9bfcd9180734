using Azure;
using Azure.Data.Tables;
using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Simulation;

/// <summary>What Azure refuses and an emulator lets pass.</summary>
public sealed class TableLimitTests
{
    private readonly SimulatedStorage storage = new(new TestClock());

    [Theory]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("a#b")]
    [InlineData("a?b")]
    [InlineData("a\tb")]
    public async Task A_key_with_a_forbidden_character_is_refused(string key)
    {
        var table = await storage.NewTableAsync();
        await AssertRefusedAsync(400, "OutOfRangeInput", () => table.AddEntityAsync(new TableEntity("p", key)));
        await AssertRefusedAsync(400, "OutOfRangeInput", () => table.UpsertEntityAsync(new TableEntity(key, "r")));
        await AssertRefusedAsync(400, "OutOfRangeInput", () => table.SubmitTransactionAsync([Add(new TableEntity("p", key))]));
    }

    [Fact]
    public async Task A_key_may_have_1_KiB_and_no_more()
    {
        var table = await storage.NewTableAsync();
        await table.AddEntityAsync(new TableEntity(new string('p', 512), new string('r', 512)));
        await AssertRefusedAsync(400, "KeyValueTooLarge", () => table.AddEntityAsync(new TableEntity("p", new string('r', 513))));
    }

    [Fact]
    public async Task A_row_may_have_252_properties_and_no_more_even_when_they_come_by_merging()
    {
        var table = await storage.NewTableAsync();
        var full = new TableEntity("p", "r");
        for (var i = 0; i < 252; i++)
        {
            full[$"P{i}"] = i;
        }

        await table.AddEntityAsync(full);
        await AssertRefusedAsync(400, "TooManyProperties", () => table.UpsertEntityAsync(new TableEntity("p", "r") { ["More"] = 1 }));
        await AssertRefusedAsync(400, "TooManyProperties", () => table.AddEntityAsync(new TableEntity(full) { RowKey = "other", ["More"] = 1 }));
    }

    [Fact]
    public async Task Text_may_have_32768_characters_and_no_more()
    {
        var table = await storage.NewTableAsync();
        await table.AddEntityAsync(new TableEntity("p", "fits") { ["T"] = new string('ä', 32_768) });
        await AssertRefusedAsync(400, "PropertyValueTooLarge", () => table.AddEntityAsync(new TableEntity("p", "r") { ["T"] = new string('a', 32_769) }));
        await AssertRefusedAsync(400, "PropertyValueTooLarge", () => table.AddEntityAsync(new TableEntity("p", "r") { ["T"] = new byte[65_537] }));
    }

    [Fact]
    public async Task A_row_may_have_1_MiB_and_no_more()
    {
        var table = await storage.NewTableAsync();
        var entity = new TableEntity("p", "r");
        for (var i = 0; i < 15; i++)
        {
            entity[$"T{i}"] = new string('a', 32_768);
        }

        await table.AddEntityAsync(entity);
        await AssertRefusedAsync(400, "EntityTooLarge", () => table.UpsertEntityAsync(new TableEntity("p", "r") { ["Last"] = new string('a', 32_768) }));
    }

    [Fact]
    public async Task A_whole_number_beyond_Int64_is_refused()
    {
        var table = await storage.NewTableAsync();
        await AssertRefusedAsync(400, "InvalidInput", () => table.AddEntityAsync(new TableEntity("p", "r") { ["N"] = ulong.MaxValue }));
        await table.AddEntityAsync(new TableEntity("p", "r") { ["N"] = (ulong)long.MaxValue });
        Assert.Equal(long.MaxValue, (await table.GetEntityAsync<TableEntity>("p", "r")).Value.GetInt64("N"));
    }

    [Theory]
    [InlineData("ab", "OutOfRangeInput")]
    [InlineData("1table", "InvalidResourceName")]
    [InlineData("my-table", "InvalidResourceName")]
    [InlineData("tables", "InvalidResourceName")]
    public Task A_table_needs_a_proper_name(string name, string code) =>
        AssertRefusedAsync(400, code, () => storage.Tables().GetTableClient(name).CreateAsync());

    [Fact]
    public async Task A_transaction_stays_in_one_partition()
    {
        var table = await storage.NewTableAsync();
        var failure = await AssertRefusedAsync(
            400, "CommandsInBatchActOnDifferentPartitions", () => table.SubmitTransactionAsync([Add(new TableEntity("p", "r")), Add(new TableEntity("q", "r"))]));
        Assert.Equal(1, Assert.IsType<TableTransactionFailedException>(failure).FailedTransactionActionIndex);
        Assert.Empty(await table.QueryAsync<TableEntity>().ToListAsync());
    }

    [Fact]
    public async Task A_transaction_has_at_most_100_operations()
    {
        var table = await storage.NewTableAsync();
        var failure = await AssertRefusedAsync(
            400, "InvalidInput", () => table.SubmitTransactionAsync(Enumerable.Range(0, 101).Select(i => Add(new TableEntity("p", $"{i}")))));
        Assert.Equal(99, Assert.IsType<TableTransactionFailedException>(failure).FailedTransactionActionIndex);
    }

    [Fact]
    public async Task A_transaction_has_at_most_4_MiB()
    {
        var table = await storage.NewTableAsync();
        var rows = Enumerable.Range(0, 100).Select(i => Add(new TableEntity("p", $"{i}") { ["A"] = new string('a', 32_000), ["B"] = new string('b', 12_000) }));
        await AssertRefusedAsync(413, "RequestBodyTooLarge", () => table.SubmitTransactionAsync(rows));
        Assert.Empty(await table.QueryAsync<TableEntity>().ToListAsync());
    }

    [Fact]
    public async Task Every_write_has_another_tag_though_the_clock_stands_still()
    {
        var table = await storage.NewTableAsync();
        var tags = new List<ETag?>();
        for (var i = 0; i < 3; i++)
        {
            tags.Add((await table.UpsertEntityAsync(new TableEntity("p", "r"))).Headers.ETag);
        }

        Assert.Equal(3, tags.Distinct().Count());
        var read = (await table.GetEntityAsync<TableEntity>("p", "r")).Value;
        Assert.Equal(TestClock.Start, read.Timestamp!.Value, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public async Task Pages_that_are_empty_still_lead_to_every_row()
    {
        var paged = new SimulatedStorage(new TestClock(), new SimulatedStorageOptions(PageLimit: 2, EmptyPages: true));
        var table = await paged.NewTableAsync();
        await table.SubmitTransactionAsync(Enumerable.Range(0, 5).Select(i => Add(new TableEntity("p|ä ", $"{i}"))));

        var pages = await table.QueryAsync<TableEntity>().AsPages().ToListAsync();

        Assert.Equal([0, 2, 0, 2, 0, 1], pages.Select(page => page.Values.Count));
        Assert.Equal(["0", "1", "2", "3", "4"], pages.SelectMany(page => page.Values).Select(row => row.RowKey));
    }

    [Fact]
    public async Task The_same_requests_get_the_same_answers()
    {
        Assert.Equal(await TranscriptAsync(), await TranscriptAsync());

        static async Task<List<string>> TranscriptAsync()
        {
            var table = await new SimulatedStorage(new TestClock()).NewTableAsync();
            await table.SubmitTransactionAsync(Enumerable.Range(0, 9).Select(i => Add(new TableEntity("p", $"{i}") { ["N"] = i, ["D"] = i / 2.0 })));
            await table.UpsertEntityAsync(new TableEntity("p", "3") { ["M"] = 7L });
            return await table.QueryAsync<TableEntity>(maxPerPage: 4).AsPages().Select(page => page.GetRawResponse().Content.ToString() + page.ContinuationToken).ToListAsync();
        }
    }

    private static TableTransactionAction Add(TableEntity entity) => new(TableTransactionActionType.Add, entity);

    private static async Task<RequestFailedException> AssertRefusedAsync(int status, string code, Func<Task> act)
    {
        var failure = await Assert.ThrowsAnyAsync<RequestFailedException>(act);
        Assert.Equal((status, code), (failure.Status, failure.ErrorCode));
        return failure;
    }
}
