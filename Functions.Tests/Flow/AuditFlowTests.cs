using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Flow;

public sealed class AuditFlowTests
{
    [Fact]
    public async Task The_books_of_all_accounts_balance_after_a_busy_day()
    {
        await using var app = await BusyAsync();

        var audit = await app.GetAsync("manage/audit", app.Admin);

        Assert.Equal((true, 3m, 0m), (audit.Flag("conserved"), audit.Number("accounts"), audit.Number("discrepancyCount")));
        Assert.Equal(30m, audit.Number("granted"));
        Assert.Equal(5m, audit.Number("purchased"));
        Assert.True(audit.Number("charged") > 0);
        Assert.Equal(audit.Number("granted") + audit.Number("purchased") - audit.Number("charged") - audit.Number("deducted"), audit.Number("balance"));
    }

    [Theory]
    [InlineData("account", "State")]
    [InlineData("hold|", "delete")]
    [InlineData("entry|", "delete")]
    [InlineData("day|", "delete")]
    [InlineData("op|", "delete")]
    public async Task A_row_that_was_tampered_with_is_found(string kind, string how)
    {
        await using var app = await BusyAsync();
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var row = await client.QueryAsync<TableEntity>($"PartitionKey eq 'user1' and RowKey ge '{kind}' and RowKey lt '{kind}~'").FirstAsync();
        if (how == "delete")
        {
            await client.DeleteEntityAsync(row, row.ETag);
        }
        else
        {
            row[how] = row.GetString(how)!.Replace("\"remainingMicro\":", "\"remainingMicro\":1", StringComparison.Ordinal);
            await client.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
        }

        var audit = await app.GetAsync("manage/audit?account=user1", app.Admin);

        Assert.False(audit.Flag("conserved"));
        Assert.Equal("user1", audit.Body.GetProperty("discrepancies")[0].GetProperty("account").GetString());
    }

    [Fact]
    public async Task An_account_that_does_not_exist_has_nothing_to_prove()
    {
        await using var app = await TestApp.StartAsync();

        var proofs = await app.Get<Auditor>().ProveAsync("nobody", CancellationToken.None).ToListAsync();

        Assert.Empty(Assert.Single(proofs).Problems);
    }

    private static async Task<TestApp> BusyAsync()
    {
        var app = await TestApp.StartAsync(new Dictionary<string, string?> { ["Plans:Items:free:ConcurrentJobs"] = "10" });
        await app.GiveAsync("user1", 5);
        await Task.WhenAll(Enumerable.Range(0, 3).SelectMany(user => Enumerable.Range(0, 6).Select(i =>
            i % 2 == 0 ? app.ImageAsync($"user{user}", $"picture {user} {i}") : app.CompleteAsync($"user{user}", $"text {user} {i}"))));
        app.Clock.Advance(TimeSpan.FromHours(13));
        await app.ImageAsync("user1", "after midnight");
        await app.Get<AccountStore>().ExecuteAsync("user1", new Sweep());
        return app;
    }
}
