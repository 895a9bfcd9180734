using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Accounts;

namespace ServerlessAi.Tests.Flow;

/// <summary>Idempotency keys whose request outlived its hold, or died with its instance.</summary>
public sealed class LapsedKeyTests
{
    [Fact]
    public async Task A_success_that_came_after_its_hold_had_lapsed_answers_the_key_all_the_same()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task));
        await using var app = await TestApp.StartAsync(OpenAI(openAI));
        var first = Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the first request reached the vendor");
        app.Clock.Advance(TimeSpan.FromMinutes(6));
        await app.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);

        gate.SetResult();
        var late = await first;
        var again = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        Assert.Equal((200, true, late.Text), (late.Status, again.IsReplayed, again.Text));
        Assert.Single(openAI.Requests);
        await Ledger.AssertAsync(app, credits: 9, charges: 1);
    }

    [Fact]
    public async Task A_lapsed_key_whose_answer_is_known_but_not_recorded_yet_gets_it_and_nobody_is_asked_again()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(OpenAI(openAI)) { ["Credits:PatienceMs"] = "100" }, transport: transport);
        await using var other = await TestApp.StartAsync(sharing: app);
        await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "warm up" });
        UnsettledFlowTests.LoseSettlements(transport);
        var first = await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        // The instance is gone for good, and its hold with it.
        other.Clock.Advance(TimeSpan.FromMinutes(6));
        await other.Get<AccountStore>().ExecuteAsync("ann", new Sweep());

        var again = await Keyed.SendAsync(other, "order-1", Image("a red fox"));
        var onceMore = await Keyed.SendAsync(other, "order-1", Image("a red fox"));

        Assert.Equal((200, 200, true, true), (first.Status, again.Status, again.IsReplayed, onceMore.IsReplayed));
        Assert.Equal(2, openAI.Requests.Count);
        await Ledger.AssertAsync(other, credits: 8, charges: 2);
    }

    [Fact]
    public async Task A_lapsed_key_whose_answer_cannot_be_charged_at_the_moment_has_to_wait()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(OpenAI(openAI)) { ["Credits:PatienceMs"] = "100" }, transport: transport);
        await app.PostAsync("ai-preview-image", new { userId = "ann", prompt = "warm up" });
        UnsettledFlowTests.LoseSettlements(transport);
        await Keyed.SendAsync(app, "order-1", Image("a red fox"));
        app.Clock.Advance(TimeSpan.FromMinutes(6));

        var again = await Keyed.SendAsync(app, "order-1", Image("a red fox"));

        // After minutes the answer is that of a slow image: where to ask again.
        Assert.Equal(202, again.Status);
        Assert.Equal(2, openAI.Requests.Count);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task Who_cannot_see_whether_a_hold_has_lapsed_asks_nobody_further_on_behalf_of_a_key(bool isKeyed, int calls)
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        openAI.Script("gpt-4.1", OpenAIStandIn.Error(500, "server_error", null, "The server had an error."));
        var transport = new FaultyTransport();
        await using var app = await TestApp.StartAsync(new Dictionary<string, string?>(OpenAI(openAI)) { ["Credits:PatienceMs"] = "100" }, transport: transport);
        transport.Choose = request => openAI.Requests.Count > 0 && request.Uri.ToString().Contains("accounts(", StringComparison.Ordinal) ? Fault.Busy : Fault.None;

        var text = new { userId = "ann", prompt = "hello", model = "openai-gpt-4.1" };
        var status = isKeyed ? (await Keyed.SendAsync(app, "order-1", text, "complete")).Status : (await app.PostAsync("complete", text)).Status;

        Assert.Equal((isKeyed ? 502 : 200, calls), (status, openAI.Requests.Count));
    }

    [Fact]
    public async Task An_image_whose_key_was_taken_over_is_there_for_who_got_it_from_the_cache()
    {
        await using var openAI = await OpenAIStandIn.StartAsync();
        var gate = new TaskCompletionSource();
        openAI.Script("gpt-image-1", Behaviour.After(gate.Task), Behaviour.Success);
        await using var app = await TestApp.StartAsync(OpenAI(openAI));
        await using var other = await TestApp.StartAsync(sharing: app);
        var first = Keyed.SendAsync(app, "order-1", Image("a red fox"));
        await Wait.UntilAsync(() => openAI.Requests.Count > 0, "the first request reached the vendor");
        app.Clock.Advance(TimeSpan.FromMinutes(6));
        await other.Get<Sweeper>().SweepHoldsAsync(CancellationToken.None);
        await Keyed.SendAsync(other, "order-1", Image("a red fox"));
        gate.SetResult();
        await first;

        var cached = await app.PostAsync("ai-preview-image", Image("a red fox"));
        var shown = await app.GetAsync($"images/{cached.Text("imageId")}?userId=ann");

        Assert.Equal((200, true, 200), (cached.Status, cached.Flag("cached"), shown.Status));
        Assert.Equal(cached.Text("imageId"), shown.Text("imageId"));
    }

    private static object Image(string prompt) => new { userId = "ann", prompt };

    private static Dictionary<string, string?> OpenAI(OpenAIStandIn standIn) => new(StringComparer.Ordinal)
    {
        ["Plans:Items:free:FreeImagesPerDay"] = "0",
        ["Providers:OpenAI:ApiKey"] = OpenAIStandIn.ApiKey,
        ["Providers:OpenAI:BaseUrl"] = standIn.V1,
    };
}
