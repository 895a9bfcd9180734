using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>Entity-group transactions: all or nothing.</summary>
public abstract class TransactionContract : TableContract
{
    [Fact]
    public async Task Every_kind_of_action_is_done_and_answered_in_order()
    {
        TableClient table = await NewTableAsync();
        foreach (string row in (string[])["merge", "replace", "delete", "upmerge", "upreplace"])
        {
            await table.AddEntityAsync(new TableEntity("p", row) { ["Old"] = 1 });
        }

        ETag etag = (await table.GetEntityAsync<TableEntity>("p", "merge")).Value.ETag;
        Response<IReadOnlyList<Response>> answer = await table.SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, Row("add")),
            new(TableTransactionActionType.UpdateMerge, Row("merge"), etag),
            new(TableTransactionActionType.UpdateReplace, Row("replace"), ETag.All),
            new(TableTransactionActionType.Delete, Row("delete")),
            new(TableTransactionActionType.UpsertMerge, Row("upmerge")),
            new(TableTransactionActionType.UpsertReplace, Row("upreplace")),
            new(TableTransactionActionType.UpsertMerge, Row("fresh")),
        ]);

        Assert.Equal(202, answer.GetRawResponse().Status);
        Assert.Equal(7, answer.Value.Count);
        Assert.All(answer.Value, part => Assert.Equal(204, part.Status));
        Dictionary<string, TableEntity> rows = await table.QueryAsync<TableEntity>().ToDictionaryAsync(row => row.RowKey);
        Assert.Equal(["add", "fresh", "merge", "replace", "upmerge", "upreplace"], rows.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((true, false), (rows["merge"].ContainsKey("Old"), rows["replace"].ContainsKey("Old")));
        Assert.Equal((true, false), (rows["upmerge"].ContainsKey("Old"), rows["upreplace"].ContainsKey("Old")));
        Assert.Equal(rows["add"].ETag, answer.Value[0].Headers.ETag);
        Assert.Equal(rows["merge"].ETag, answer.Value[1].Headers.ETag);
    }

    [Fact]
    public async Task A_failing_action_names_its_index_and_rolls_everything_back()
    {
        TableClient table = await NewTableAsync();
        await table.AddEntityAsync(Row("there"));
        TableTransactionAction[] actions =
        [
            new(TableTransactionActionType.Add, Row("one")),
            new(TableTransactionActionType.UpsertReplace, Row("two")),
            new(TableTransactionActionType.Add, Row("there")),
        ];

        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(actions));
        Assert.Equal(2, failure.FailedTransactionActionIndex);
        Assert.Equal(409, failure.Status);
        Assert.True(failure.ErrorCode == TableErrorCode.EntityAlreadyExists);
        Assert.Equal("there", (await table.QueryAsync<TableEntity>().SingleAsync()).RowKey);
        Assert.Equal(2, Assert.Throws<TableTransactionFailedException>(() => table.SubmitTransaction(actions)).FailedTransactionActionIndex);
    }

    [Fact]
    public async Task A_stale_ETag_fails_the_whole_transaction()
    {
        TableClient table = await NewTableAsync();
        ETag stale = (await table.AddEntityAsync(Row("state"))).Headers.ETag!.Value;
        await table.UpdateEntityAsync(Row("state"), stale);

        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(
        [
            new(TableTransactionActionType.Add, Row("entry")),
            new(TableTransactionActionType.UpdateReplace, Row("state"), stale),
        ]));
        Assert.Equal((412, "UpdateConditionNotSatisfied", 1), (failure.Status, failure.ErrorCode, failure.FailedTransactionActionIndex));
        Assert.False((await table.GetEntityIfExistsAsync<TableEntity>("p", "entry")).HasValue);
    }

    [Fact]
    public async Task An_empty_transaction_is_refused_before_it_is_sent()
    {
        TableClient table = await NewTableAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => table.SubmitTransactionAsync([]));
        Assert.Throws<InvalidOperationException>(() => table.SubmitTransaction([]));
    }

    [Fact]
    public async Task The_same_row_twice_fails_with_InvalidDuplicateRow()
    {
        TableClient table = await NewTableAsync();
        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(
        [
            new(TableTransactionActionType.UpsertMerge, Row("same")),
            new(TableTransactionActionType.UpsertMerge, Row("same")),
        ]));
        Assert.Equal((400, "InvalidDuplicateRow"), (failure.Status, failure.ErrorCode));
    }

    [Fact]
    public async Task A_hundred_rows_fit()
    {
        TableClient table = await NewTableAsync();
        Response<IReadOnlyList<Response>> answer = await table.SubmitTransactionAsync(Enumerable.Range(0, 100).Select(row =>
            new TableTransactionAction(TableTransactionActionType.Add, Row(FormattableString.Invariant($"{row}")))));
        Assert.Equal(100, answer.Value.Count);
        Assert.Equal(100, await table.QueryAsync<TableEntity>().CountAsync());
    }

    [Fact]
    public async Task Large_and_unusual_text_survives_a_transaction()
    {
        TableClient table = await NewTableAsync();
        string large = string.Concat(Enumerable.Repeat("ä😀\r\n--batch_x--\r\n", 1500));
        await table.SubmitTransactionAsync([new(TableTransactionActionType.Add, new TableEntity("p", "r") { ["Text"] = large })]);
        Assert.Equal(large, (await table.GetEntityAsync<TableEntity>("p", "r")).Value.GetString("Text"));
    }

    private static TableEntity Row(string rowKey) => new("p", rowKey) { ["New"] = 1 };
}
