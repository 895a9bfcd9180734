using System.Text.Json;
using Azure.Data.Tables;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Simulation;

/// <summary>What nobody expects of storage must be heard of by whoever waits, and must not stop those who come after.</summary>
public sealed class BrokenRowTests
{
    [Fact]
    public async Task A_row_that_cannot_be_read_fails_its_command_and_the_account_goes_on_when_it_is_repaired()
    {
        var (app, _) = await TestApp.StartSimulatedAsync();
        await using var owned = app;
        var client = await app.Get<Tables>().GetAsync(TableNames.Accounts);
        await client.AddEntityAsync(new TableEntity("ann", AccountRows.StateKey) { ["State"] = "{ broken" });
        var store = app.Get<AccountStore>();

        await Assert.ThrowsAnyAsync<JsonException>(() => store.ExecuteAsync("ann", new Sweep()));
        await client.DeleteEntityAsync("ann", AccountRows.StateKey);

        Assert.IsType<Swept>(await store.ExecuteAsync("ann", new Sweep()));
    }
}
