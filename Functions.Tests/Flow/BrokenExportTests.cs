using ServerlessAi.Simulator.Storage;

namespace ServerlessAi.Tests.Flow;

public sealed class BrokenExportTests
{
    [Fact]
    public async Task An_export_that_breaks_off_is_no_whole_answer_and_has_no_problem_behind_it()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await app.GiveAsync("ann", 5);
        Assert.Equal(201, (await app.PostAsync("manage/keys", new { userId = "ann", name = "laptop" }, app.Admin)).Status);
        storage.Faults = request => request is { Method: "GET", Partition: "ann" } && request.Table.EndsWith("orders", StringComparison.OrdinalIgnoreCase) ? Fault.Busy503 : Fault.None;

        // The key is on its way already when storage fails.
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => app.GetAsync("account/export?userId=ann"));

        storage.Faults = _ => Fault.None;
        var whole = await app.GetAsync("account/export?userId=ann");
        var key = whole.Body.GetProperty("items").EnumerateArray().Single(item => item.GetProperty("kind").GetString() == "key").GetProperty("data");
        Assert.Equal((200, "User", "All"), (whole.Status, key.GetProperty("role").GetString(), key.GetProperty("scopes").GetString()));
    }

    [Fact]
    public async Task Storage_that_fails_at_once_is_a_problem()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using var closing = app;
        await app.GiveAsync("ann", 5);
        storage.Faults = request => request.Method == "GET" ? Fault.Busy503 : Fault.None;

        var reply = await app.GetAsync("account/export?userId=ann");

        Assert.Equal((503, "storage_unavailable"), (reply.Status, reply.Code));
    }
}
