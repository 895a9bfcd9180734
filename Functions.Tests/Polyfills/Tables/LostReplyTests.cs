using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>A write arrives, its answer does not: the pipeline tries again and meets its own write.</summary>
public sealed class LostReplyTests
{
    [Fact]
    public async Task An_added_row_comes_back_as_409_and_is_there()
    {
        TableClient table = await TableAsync();
        var failure = await Assert.ThrowsAsync<RequestFailedException>(() => table.AddEntityAsync(new TableEntity("p", "r") { ["Operation"] = "mine" }));
        Assert.Equal(409, failure.Status);
        Assert.Equal("mine", (await table.GetEntityAsync<TableEntity>("p", "r")).Value.GetString("Operation"));
    }

    [Fact]
    public async Task A_conditional_transaction_comes_back_as_412_and_has_happened()
    {
        TableClient table = await TableAsync(lost: "$batch");
        ETag etag = (await table.AddEntityAsync(new TableEntity("p", "state") { ["N"] = 1 })).Headers.ETag!.Value;
        var failure = await Assert.ThrowsAsync<TableTransactionFailedException>(() => table.SubmitTransactionAsync(
            [new(TableTransactionActionType.UpdateReplace, new TableEntity("p", "state") { ["N"] = 2 }, etag)]));
        Assert.Equal(412, failure.Status);
        Assert.Equal(2, (await table.GetEntityAsync<TableEntity>("p", "state")).Value.GetInt32("N"));
    }

    [Fact]
    public async Task An_emulator_that_stops_and_comes_back_is_found_again_with_its_rows()
    {
        await using Azurite azurite = await Azurite.StartOwnAsync();
        var options = new TableClientOptions();
        options.Retry.MaxRetries = 0;
        var table = new TableClient(azurite.ConnectionString, "outage", options);
        await table.CreateAsync();
        await table.AddEntityAsync(new TableEntity("p", "r"));

        await azurite.StopAsync();
        await Assert.ThrowsAsync<RequestFailedException>(() => table.GetEntityAsync<TableEntity>("p", "r"));
        await azurite.RestartAsync();
        Assert.Equal("r", (await table.GetEntityAsync<TableEntity>("p", "r")).Value.RowKey);
    }

    private static async Task<TableClient> TableAsync(string lost = "lostreply")
    {
        string name = FormattableString.Invariant($"lostreply{(lost == "$batch" ? 2 : 1)}");
        string connection = (await Azurite.SharedAsync()).ConnectionString;
        await new TableClient(connection, name).CreateAsync();
        var options = new TableClientOptions { Transport = new LosingTransport(lost) };
        options.Retry.Mode = RetryMode.Fixed;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        return new TableClient(connection, name, options);
    }

    /// <summary>Loses the first answer to a POST whose address contains a text.</summary>
    private sealed class LosingTransport(string address) : HttpPipelineTransport
    {
        private readonly HttpClientTransport _network = new();
        private int _lost;

        public override Request CreateRequest() => _network.CreateRequest();

        public override void Process(HttpMessage message) => _network.Process(message);

        public override async ValueTask ProcessAsync(HttpMessage message)
        {
            await _network.ProcessAsync(message);
            bool concerned = message.Request.Method == RequestMethod.Post && message.Request.Uri.Path.Contains(address, StringComparison.Ordinal);
            if (concerned && Interlocked.Exchange(ref _lost, 1) == 0)
            {
                throw new IOException("The connection broke before the answer came.");
            }
        }
    }
}
