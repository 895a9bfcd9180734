using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>Pages and continuation tokens.</summary>
public abstract class QueryContract : TableContract
{
    [Fact]
    public async Task Pages_hold_at_most_maxPerPage_rows_and_together_all_of_them_in_key_order()
    {
        TableClient table = await FilledAsync(rows: 7);
        List<Page<TableEntity>> pages = await table.QueryAsync<TableEntity>(maxPerPage: 3).AsPages().ToListAsync();

        Assert.All(pages, page => Assert.InRange(page.Values.Count, 0, 3));
        Assert.Null(pages[^1].ContinuationToken);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], pages.SelectMany(page => page.Values).Select(row => row.RowKey));
        Assert.Equal(7, table.Query<TableEntity>(maxPerPage: 2).Count());
    }

    [Fact]
    public async Task A_query_resumes_from_a_continuation_token()
    {
        TableClient table = await FilledAsync(rows: 5);
        Page<TableEntity> first = await table.QueryAsync<TableEntity>(maxPerPage: 2).AsPages().FirstAsync();
        Assert.NotNull(first.ContinuationToken);

        List<Page<TableEntity>> rest = await table.QueryAsync<TableEntity>(maxPerPage: 2).AsPages(first.ContinuationToken).ToListAsync();
        Assert.Equal(["2", "3", "4"], rest.SelectMany(page => page.Values).Select(row => row.RowKey));
    }

    [Fact]
    public async Task A_page_size_hint_wins_over_maxPerPage()
    {
        TableClient table = await FilledAsync(rows: 4);
        Page<TableEntity> page = await table.QueryAsync<TableEntity>(maxPerPage: 1).AsPages(pageSizeHint: 3).FirstAsync();
        Assert.Equal(3, page.Values.Count);
    }

    [Fact]
    public async Task More_rows_than_a_page_can_hold_are_still_all_found()
    {
        TableClient table = await NewTableAsync();
        for (int group = 0; group < 11; group++)
        {
            await table.SubmitTransactionAsync(Enumerable.Range(0, 100).Select(row =>
                new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("p", FormattableString.Invariant($"{group:D2}-{row:D2}")))));
        }

        List<Page<TableEntity>> pages = await table.QueryAsync<TableEntity>(select: ["RowKey"]).AsPages().ToListAsync();
        Assert.Equal(1100, pages.Sum(page => page.Values.Count));
        Assert.All(pages, page => Assert.InRange(page.Values.Count, 0, 1000));
    }

    [Fact]
    public async Task Selecting_columns_reads_only_those()
    {
        TableClient table = await FilledAsync(rows: 1);
        TableEntity row = await table.QueryAsync<TableEntity>(select: ["N"]).SingleAsync();
        Assert.Equal(0, row.GetInt32("N"));
        Assert.False(row.ContainsKey("Text"));
    }

    [Fact]
    public async Task Querying_a_missing_table_fails_with_TableNotFound()
    {
        TableClient table = (await ServiceAsync()).GetTableClient(UniqueName());
        var failure = await Assert.ThrowsAsync<RequestFailedException>(async () => await table.QueryAsync<TableEntity>().ToListAsync());
        Assert.Equal((404, "TableNotFound"), (failure.Status, failure.ErrorCode));
    }

    [Fact]
    public async Task Tables_are_listed_by_filter()
    {
        TableServiceClient service = await ServiceAsync();
        TableClient table = await NewTableAsync();
        string name = table.Name;
        List<TableItem> byText = await service.QueryAsync(TableServiceClient.CreateQueryFilter($"TableName eq {name}")).ToListAsync();
        List<TableItem> byExpression = await service.QueryAsync(item => item.Name == name).ToListAsync();
        Assert.Equal(name, Assert.Single(byText).Name);
        Assert.Equal(name, Assert.Single(byExpression).Name);
        Assert.Contains(await service.QueryAsync(maxPerPage: 1).ToListAsync(), item => item.Name == name);
    }

    private async Task<TableClient> FilledAsync(int rows)
    {
        TableClient table = await NewTableAsync();
        for (int row = 0; row < rows; row++)
        {
            await table.AddEntityAsync(new TableEntity("p", FormattableString.Invariant($"{row}")) { ["N"] = row, ["Text"] = "t" });
        }

        return table;
    }
}
