using System.Text.RegularExpressions;
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
    [InlineData("account", "delete", "no state")]
    [InlineData("account", "State", "The state holds")]
    [InlineData("account", "break", "cannot be read")]
    [InlineData("hold|", "delete", "belongs to no hold")]
    [InlineData("hold|", "chargedMicro", "charged, the ledger")]
    [InlineData("hold|", "costNanoUsd", "of cost and assumed cost")]
    [InlineData("hold|", "Settled", "successes in the usage log")]
    [InlineData("entry|", "delete", "The state counts")]
    [InlineData("entry|", "amountMicro", "The parts of entry")]
    [InlineData("entry|", "balanceMicro", "the replay")]
    [InlineData("entry|", "sequence", "of the ledger")]
    [InlineData("entry|", "operationId", "belongs to no hold")]
    [InlineData("day|", "delete", "Days count")]
    [InlineData("month|", "delete", "Months count")]
    [InlineData("op|", "delete", "Grants and deductions")]
    [InlineData("use|", "delete", "successes in the usage log")]
    public async Task A_row_that_was_tampered_with_is_found_and_what_is_wrong_is_named(string kind, string how, string sentence)
    {
        await using var app = await BusyAsync();
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var rows = await client.QueryAsync<TableEntity>($"PartitionKey eq 'user1' and RowKey ge '{kind}' and RowKey lt '{kind}~'").ToListAsync();
        var row = rows.Find(row => row.RowKey[0] is not ('h' or 'e') || IsCharged(row))!;
        await TamperAsync(client, row, how);

        var audit = await app.GetAsync("manage/audit?account=user1", app.Admin);
        var all = await app.GetAsync("manage/audit", app.Admin);

        Assert.False(audit.Flag("conserved"));
        var found = audit.Body.GetProperty("discrepancies")[0];
        Assert.Equal("user1", found.GetProperty("account").GetString());
        Assert.Contains(sentence, found.GetProperty("problems").ToString(), StringComparison.Ordinal);
        Assert.Equal(found.ToString(), Assert.Single(all.Body.GetProperty("discrepancies").EnumerateArray()).ToString());
    }

    [Fact]
    public async Task A_charge_made_twice_is_found_even_where_the_sums_agree()
    {
        await using var app = await BusyAsync();
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        var newest = (await client.QueryAsync<TableEntity>("PartitionKey eq 'user1' and RowKey ge 'entry|' and RowKey lt 'entry|~'").ToListAsync()).Find(IsCharged)!;
        // The entry's own number may stand on top: one more would not change what it says of the sum.
        var entry = AccountRows.ToEntry(newest);
        var state = (await app.Get<AccountStore>().ReadStoredAsync("user1"))!;
        await client.UpsertEntityAsync(AccountRows.ToEntity("user1", entry with { Sequence = state.Sequence + 1, AmountMicro = 0, BalanceMicro = state.BalanceMicro, Parts = [] }));

        var audit = await app.GetAsync("manage/audit?account=user1", app.Admin);

        Assert.Contains($"Operation {entry.OperationId} was charged 2 times.", audit.Body.GetProperty("discrepancies").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Spend_is_shown_beside_what_the_accounts_recorded_and_its_drift_is_no_discrepancy()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        await app.CompleteAsync("ann", "a text before anything was flushed");
        await app.Get<PlatformSpend>().FlushAsync(CancellationToken.None);
        var spend = await app.Get<Tables>().GetAsync(TableNames.Spend);
        await spend.AddEntityAsync(new TableEntity("204005", "an instance that died") { ["CostNanoUsd"] = 1_000_000_000L, ["Calls"] = 1L });

        var drifting = await app.GetAsync("manage/audit", app.Admin);
        await app.Get<SpendReconciler>().ReconcileAsync(CancellationToken.None);
        var reconciled = await app.GetAsync("manage/audit", app.Admin);
        var ofOne = await app.GetAsync("manage/audit?account=ann", app.Admin);

        var before = Assert.Single(drifting.Body.GetProperty("spend").EnumerateArray());
        Assert.Equal(("2040-05", 1m), (before.GetProperty("month").GetString(), before.GetProperty("driftUsd").GetDecimal()));
        Assert.Equal(drifting.Number("costUsd"), before.GetProperty("accountsUsd").GetDecimal());
        Assert.True(drifting.Flag("conserved"));
        Assert.Equal(0, reconciled.Body.GetProperty("spend")[0].GetProperty("driftUsd").GetDecimal());
        Assert.False(ofOne.Body.TryGetProperty("spend", out _));
    }

    [Fact]
    public async Task On_the_first_day_of_a_month_the_spend_of_the_one_before_is_shown_too()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        await app.CompleteAsync("ann", "a text in May");
        app.Clock.Advance(new DateTimeOffset(2040, 6, 1, 0, 30, 0, TimeSpan.Zero) - app.Clock.GetUtcNow());
        await app.Get<PlatformSpend>().FlushAsync(CancellationToken.None);

        var audit = await app.GetAsync("manage/audit", app.Admin);

        var months = audit.Body.GetProperty("spend").EnumerateArray().ToList();
        Assert.Equal(["2040-05", "2040-06"], months.Select(month => month.GetProperty("month").GetString()));
        Assert.Equal((true, 0m), (months[0].GetProperty("accountsUsd").GetDecimal() > 0, months[0].GetProperty("driftUsd").GetDecimal()));
    }

    [Fact]
    public async Task Endings_that_wait_are_counted()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        await app.Get<Unsettled>().KeepAsync("ann", new Release("op", "test"), TimeSpan.FromSeconds(20));

        Assert.Equal(1, (await app.GetAsync("manage/audit", app.Admin)).Number("unsettled"));
        Assert.Equal(1, (await app.GetAsync("manage/audit?account=ann", app.Admin)).Number("unsettled"));
        Assert.Equal(0, (await app.GetAsync("manage/audit?account=bob", app.Admin)).Number("unsettled"));
    }

    [Fact]
    public async Task An_account_that_does_not_exist_has_nothing_to_prove()
    {
        await using var app = await TestApp.StartAsync();

        var proofs = await app.Get<Auditor>().ProveAsync("nobody", CancellationToken.None).ToListAsync();

        Assert.Empty(Assert.Single(proofs).Problems);
    }

    private static bool IsCharged(TableEntity row) => row.GetInt64("ChargedMicro") > 0 || string.Equals(row.GetString("Kind"), "Charge", StringComparison.Ordinal);

    // A number gets a digit more, a name another beginning.
    private static async Task TamperAsync(TableClient client, TableEntity row, string how)
    {
        if (how == "delete")
        {
            await client.DeleteEntityAsync(row, row.ETag);
            return;
        }

        var column = row.ContainsKey("State") ? "State" : "Body";
        var text = row.GetString(column)!;
        var changed = how switch
        {
            "break" => "{ broken",
            "Settled" => text.Replace("Settled", "Released", StringComparison.Ordinal),
            "State" => text.Replace("\"remainingMicro\":", "\"remainingMicro\":1", StringComparison.Ordinal),
            "operationId" => text.Replace("\"operationId\":\"", "\"operationId\":\"x", StringComparison.Ordinal),
            _ => Regex.Replace(text, $"\"{how}\":(-?)", $"\"{how}\":${{1}}1", RegexOptions.None, TimeSpan.FromSeconds(1)),
        };
        row[column] = changed;
        Assert.NotEqual(text, changed);
        await client.UpdateEntityAsync(row, row.ETag, TableUpdateMode.Replace);
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
