using System.Text.Json.Nodes;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

/// <summary>Callers who leave a stream of Anthropic's, through the whole app. OpenAI's are in <see cref="V1StreamTests"/>.</summary>
public sealed class AnthropicStreamTests : IAsyncLifetime
{
    private const string Model = "anthropic-claude-haiku-4-5";

    // 12 + 4 input and 8 output tokens at one credit for 10,000.
    private const decimal WholeCharge = 0.0024m;

    private static readonly AnthropicStream Five = AnthropicStream.Of("one two three four five");

    private AnthropicStandIn vendor = null!;

    public async Task InitializeAsync() => vendor = await AnthropicStandIn.StartAsync();

    public async Task DisposeAsync() => await vendor.DisposeAsync();

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 2)]
    [InlineData(9, 5)]
    public async Task Who_leaves_before_the_first_byte_in_the_middle_or_just_before_the_usage_is_charged_what_the_vendor_counts(int place, int words)
    {
        await using var door = await OpenAsync();
        var gate = new TaskCompletionSource();
        vendor.Script(null, Five.Before(place, gate.Task).ToBehaviour());

        await LeaveAsync(door, words);
        gate.SetResult();
        await door.SettledAsync();

        Assert.Equal((10 - WholeCharge, 0m), await door.CreditsAsync());
        Assert.Equal("hit", (await door.ChatAsync(Door.Chat(model: Model))).Headers["x-cache"]);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(5, 2, true)]
    [InlineData(9, 5, true)]
    public async Task Who_leaves_a_vendor_that_never_ends_is_charged_for_the_words_that_were_sent(int place, int words, bool isCharged)
    {
        await using var door = await OpenAsync(("Providers:Stream:DrainMs", "50"));
        vendor.Script(null, Five.Before(place, new TaskCompletionSource().Task).ToBehaviour());

        await LeaveAsync(door, words);
        await door.SettledAsync();

        // A third of 56 bytes of prompt, names and frame included, and of the bytes of "one two" or of all five.
        var tokens = 19 + (words == 2 ? 3 : 8);
        Assert.Equal((10 - (isCharged ? tokens / 10_000m : 0), 0m), await door.CreditsAsync());
        Assert.Single(vendor.Requests);
    }

    private Task<Door> OpenAsync(params (string, string)[] settings) =>
        Door.OpenAsync([("Providers:Text:anthropic:ApiKey", AnthropicStandIn.ApiKey), ("Providers:Text:anthropic:BaseUrl", vendor.BaseUrl), .. settings]);

    private async Task LeaveAsync(Door door, int words)
    {
        using var leaving = new CancellationTokenSource();
        var opening = door.StreamAsync(Door.Chat(model: Model, stream: true), leaving.Token);
        if (words == 0)
        {
            await Wait.UntilAsync(() => vendor.Requests.Count == 1, "the vendor was asked");
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
            return;
        }

        using var stream = await opening;
        for (var i = 0; i < words; i++)
        {
            Assert.NotNull(JsonNode.Parse((await stream.NextAsync())!)!["choices"]![0]!["delta"]!["content"]);
        }
    }
}
