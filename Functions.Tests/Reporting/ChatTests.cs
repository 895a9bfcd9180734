using ServerlessAi.Accounts;
using ServerlessAi.Tests.Contracts;

namespace ServerlessAi.Tests.Reporting;

public sealed class ChatTests
{
    [Fact]
    public async Task A_chat_shows_its_calls_tokens_credits_and_cost()
    {
        await using var app = await Story.StartAsync();

        Payload.AssertSame("""
            {"chatId":"c 1","calls":2,"failures":0,"inputTokens":1010,"outputTokens":520,"tokens":1530,"images":0,"credits":3,"costUsd":0.011,
             "firstUsedAt":"2040-05-15T12:00:00+00:00","lastUsedAt":"2040-05-16T12:00:00+00:00"}
            """, (await app.GetAsync("usage/chat/c%201?userId=ann")).Body);
        Assert.Equal(404, (await app.GetAsync("usage/chat/c%201?userId=bob")).Status);
        Assert.Equal(404, (await app.GetAsync("usage/chat/none?userId=ann")).Status);
    }

    [Fact]
    public async Task Calls_that_two_instances_end_by_turns_are_all_counted_and_the_books_agree()
    {
        var (one, storage) = await TestApp.StartSimulatedAsync();
        var (two, _) = await TestApp.StartSimulatedAsync(sharing: one, storage: storage);
        await using (one)
        await using (two)
        {
            for (var i = 0; i < 20; i++)
            {
                await Script.CallAsync(i % 2 == 0 ? one : two, $"call-{i}", 0.1m, 0.001m, 10, 5, chat: i % 4 < 2 ? "a" : "b");
            }

            Assert.Equal((10, 150), ((await one.GetAsync("usage/chat/a?userId=ann")).Number("calls"), (await two.GetAsync("usage/chat/b?userId=ann")).Number("tokens")));
            var model = (await two.GetAsync("subscription/usage/ann")).Body.GetProperty("data").GetProperty("by_model")[0];
            Assert.Equal((20, 300), (model.GetProperty("calls").GetInt32(), model.GetProperty("tokens").GetInt32()));
            Assert.True((await one.GetAsync("manage/audit", one.Admin)).Flag("conserved"));
        }
    }

    [Fact]
    public async Task A_chat_that_this_instance_knows_costs_no_read()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using (app)
        {
            await Script.CallAsync(app, "first", 0.1m, 0.001m, 10, 5, chat: "a");
            var gets = 0;
            storage.Faults = request =>
            {
                gets += request.Method == "GET" ? 1 : 0;
                return Simulator.Storage.Fault.None;
            };

            await Script.CallAsync(app, "second", 0.1m, 0.001m, 10, 5, chat: "a");
            Assert.Equal(0, gets);
            await Script.CallAsync(app, "third", 0.1m, 0.001m, 10, 5, chat: "b");
            Assert.Equal(1, gets);
        }
    }

    [Fact]
    public async Task A_settlement_whose_reply_was_lost_counts_once()
    {
        var (app, storage) = await TestApp.StartSimulatedAsync();
        await using (app)
        {
            await Script.CallAsync(app, "first", 0.1m, 0.001m, 10, 5, chat: "a");
            var transactions = 0;
            storage.Faults = request => request is { IsTransaction: true, Table: var table } && table.EndsWith(TableName, StringComparison.Ordinal) && ++transactions == 2
                ? Simulator.Storage.Fault.ReplyLost
                : Simulator.Storage.Fault.None;

            await Script.CallAsync(app, "second", 0.1m, 0.001m, 10, 5, chat: "a");

            storage.Faults = _ => Simulator.Storage.Fault.None;
            Assert.Equal(2, (await app.GetAsync("usage/chat/a?userId=ann")).Number("calls"));
            Assert.True((await app.GetAsync("manage/audit", app.Admin)).Flag("conserved"));
        }
    }

    private const string TableName = ServerlessAi.Storage.TableNames.Accounts;
}
