using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>Tables and single rows.</summary>
public abstract class EntityContract : TableContract
{
    [Fact]
    public async Task Creating_a_table_that_exists_answers_409_and_a_value_when_asked_if_not_exists()
    {
        TableServiceClient service = await ServiceAsync();
        TableClient table = service.GetTableClient(UniqueName());
        Response<TableItem> first = await table.CreateIfNotExistsAsync();
        Response<TableItem> second = await table.CreateIfNotExistsAsync();

        Assert.InRange(first.GetRawResponse().Status, 200, 299);
        Assert.Equal(409, second.GetRawResponse().Status);
        Assert.Equal(table.Name, second.Value.Name);
        Assert.Equal(409, (await service.CreateTableIfNotExistsAsync(table.Name)).GetRawResponse().Status);
    }

    [Fact]
    public async Task Creating_a_table_that_exists_fails_with_TableAlreadyExists()
    {
        TableClient table = await NewTableAsync();
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => table.CreateAsync());
        Assert.Equal(409, failure.Status);
        Assert.True(failure.ErrorCode == TableErrorCode.TableAlreadyExists);
    }

    [Fact]
    public async Task Deleting_a_missing_table_answers_404_without_an_exception()
    {
        TableServiceClient service = await ServiceAsync();
        Assert.Equal(404, (await service.GetTableClient(UniqueName()).DeleteAsync()).Status);
        Assert.Equal(404, service.DeleteTable(UniqueName()).Status);
    }

    [Fact]
    public async Task A_table_is_gone_after_it_is_deleted()
    {
        TableClient table = await NewTableAsync();
        Assert.Equal(204, (await table.DeleteAsync()).Status);
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "r")));
        Assert.True(failure.ErrorCode == TableErrorCode.TableNotFound);
    }

    [Fact]
    public async Task Adding_leaves_the_entitys_ETag_unset_and_gives_it_in_the_header()
    {
        TableClient table = await NewTableAsync();
        var entity = new Plain { PartitionKey = "p", RowKey = "r" };
        Response added = await table.AddEntityAsync(entity);

        Assert.Equal(204, added.Status);
        Assert.Equal(default, entity.ETag);
        Assert.NotNull(added.Headers.ETag);
        Response<Plain> read = await table.GetEntityAsync<Plain>("p", "r");
        Assert.Equal(added.Headers.ETag, read.Value.ETag);
        Assert.NotNull(read.Value.Timestamp);
    }

    [Fact]
    public async Task Adding_a_row_twice_fails_with_EntityAlreadyExists()
    {
        TableClient table = await NewTableAsync();
        await table.AddEntityAsync(new TableEntity("p", "r"));
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "r")));
        Assert.Equal(409, failure.Status);
        Assert.True(failure.ErrorCode == TableErrorCode.EntityAlreadyExists);
    }

    [Fact]
    public async Task Reading_or_updating_a_missing_row_fails_with_ResourceNotFound()
    {
        TableClient table = await NewTableAsync();
        var read = await Assert.ThrowsAsync<RequestFailedException>(() => table.GetEntityAsync<TableEntity>("p", "r"));
        var updated = await Assert.ThrowsAsync<RequestFailedException>(() => table.UpdateEntityAsync(new TableEntity("p", "r"), ETag.All));
        Assert.Equal((404, "ResourceNotFound"), (read.Status, read.ErrorCode));
        Assert.Equal((404, "ResourceNotFound"), (updated.Status, updated.ErrorCode));
    }

    [Fact]
    public async Task Reading_if_exists_says_HasValue_and_throws_only_on_Value()
    {
        TableClient table = await NewTableAsync();
        NullableResponse<TableEntity> missing = await table.GetEntityIfExistsAsync<TableEntity>("p", "r");
        Assert.False(missing.HasValue);
        Assert.Equal(404, missing.GetRawResponse().Status);
        Assert.Throws<InvalidOperationException>(() => missing.Value);

        await table.AddEntityAsync(new TableEntity("p", "r"));
        Assert.Equal("r", table.GetEntityIfExists<TableEntity>("p", "r").Value!.RowKey);
    }

    [Fact]
    public async Task Deleting_a_missing_row_answers_404_without_an_exception()
    {
        TableClient table = await NewTableAsync();
        Assert.Equal(404, (await table.DeleteEntityAsync("p", "r")).Status);
        Assert.Equal(404, table.DeleteEntity(new TableEntity("p", "r")).Status);
        await table.AddEntityAsync(new TableEntity("p", "r"));
        Assert.Equal(204, (await table.DeleteEntityAsync("p", "r")).Status);
    }

    [Fact]
    public async Task An_update_without_an_ETag_is_an_argument_error()
    {
        TableClient table = await NewTableAsync();
        await Assert.ThrowsAsync<ArgumentException>(() => table.UpdateEntityAsync(new TableEntity("p", "r"), default));
        Assert.Throws<ArgumentException>(() => table.UpdateEntity(new TableEntity("p", "r"), default));
    }

    [Fact]
    public async Task A_stale_ETag_fails_with_UpdateConditionNotSatisfied_and_changes_nothing()
    {
        TableClient table = await NewTableAsync();
        ETag first = (await table.AddEntityAsync(new TableEntity("p", "r") { ["N"] = 1 })).Headers.ETag!.Value;
        ETag second = (await table.UpdateEntityAsync(new TableEntity("p", "r") { ["N"] = 2 }, first)).Headers.ETag!.Value;
        Assert.NotEqual(first, second);

        var update = await Assert.ThrowsAsync<RequestFailedException>(() => table.UpdateEntityAsync(new TableEntity("p", "r") { ["N"] = 3 }, first));
        var delete = await Assert.ThrowsAsync<RequestFailedException>(() => table.DeleteEntityAsync("p", "r", first));
        Assert.Equal((412, "UpdateConditionNotSatisfied"), (update.Status, update.ErrorCode));
        Assert.Equal((412, "UpdateConditionNotSatisfied"), (delete.Status, delete.ErrorCode));
        Assert.Equal(2, (await table.GetEntityAsync<TableEntity>("p", "r")).Value.GetInt32("N"));
        Assert.Equal(204, (await table.DeleteEntityAsync("p", "r", second)).Status);
    }

    [Theory]
    [InlineData(TableUpdateMode.Merge, true)]
    [InlineData(TableUpdateMode.Replace, false)]
    public async Task Merging_keeps_other_properties_and_replacing_drops_them(TableUpdateMode mode, bool kept)
    {
        TableClient table = await NewTableAsync();
        await table.UpsertEntityAsync(new TableEntity("p", "u") { ["Old"] = "x" }, mode);
        await table.UpsertEntityAsync(new TableEntity("p", "u") { ["New"] = "y" }, mode);
        await table.AddEntityAsync(new TableEntity("p", "e") { ["Old"] = "x" });
        await table.UpdateEntityAsync(new TableEntity("p", "e") { ["New"] = "y" }, ETag.All, mode);

        foreach (string row in (string[])["u", "e"])
        {
            TableEntity read = await table.GetEntityAsync<TableEntity>("p", row);
            Assert.Equal(kept, read.ContainsKey("Old"));
            Assert.Equal("y", read.GetString("New"));
        }
    }

    [Fact]
    public async Task Selecting_omits_what_is_not_selected()
    {
        TableClient table = await NewTableAsync();
        await table.AddEntityAsync(new TableEntity("p", "r") { ["A"] = 1, ["B"] = 2 });
        TableEntity read = await table.GetEntityAsync<TableEntity>("p", "r", ["A"]);
        Assert.Equal(1, read.GetInt32("A"));
        Assert.False(read.ContainsKey("B"));
    }

    [Fact]
    public async Task The_synchronous_calls_do_the_same()
    {
        TableServiceClient service = await ServiceAsync();
        TableClient table = service.GetTableClient(UniqueName());
        table.Create();
        ETag etag = table.AddEntity(new TableEntity("p", "r") { ["N"] = 1 }).Headers.ETag!.Value;
        table.UpdateEntity(new TableEntity("p", "r") { ["N"] = 2 }, etag, TableUpdateMode.Replace);
        table.UpsertEntity(new TableEntity("p", "r") { ["M"] = 3 });
        TableEntity read = table.GetEntity<TableEntity>("p", "r");
        Assert.Equal((2, 3), (read.GetInt32("N"), read.GetInt32("M")));
        Assert.Equal(409, table.CreateIfNotExists().GetRawResponse().Status);
        Assert.Contains(service.Query((FormattableString)$"TableName eq {table.Name}"), item => item.Name == table.Name);
        table.Delete();
    }

    private sealed class Plain : ITableEntity
    {
        public string PartitionKey { get; set; } = "";

        public string RowKey { get; set; } = "";

        public DateTimeOffset? Timestamp { get; set; }

        public ETag ETag { get; set; }
    }
}
