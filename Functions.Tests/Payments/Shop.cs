using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessAi.Payments;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Payments;

/// <summary>The app with Stripe's stand-in, on storage in memory, and what Stripe would send.</summary>
internal sealed class Shop : IAsyncDisposable
{
    private Shop(TestApp app, SimulatedStorage storage, StripeStandIn stripe) => (App, Storage, Stripe) = (app, storage, stripe);

    public TestApp App { get; }

    public SimulatedStorage Storage { get; }

    public StripeStandIn Stripe { get; }

    public static async Task<Shop> OpenAsync(Dictionary<string, string?>? settings = null)
    {
        var stripe = await StripeStandIn.StartAsync();
        var all = new Dictionary<string, string?>(settings ?? [], StringComparer.Ordinal)
        {
            ["Payments:Stripe:BaseUrl"] = stripe.BaseUrl,
            ["Payments:Stripe:SecretKey"] = StripeStandIn.SecretKey,
        };
        all.TryAdd("Payments:Stripe:WebhookSecret", StripeStandIn.WebhookSecret);
        var (app, storage) = await TestApp.StartSimulatedAsync(all);
        return new Shop(app, storage, stripe);
    }

    /// <summary>Another instance on the same storage.</summary>
    public async Task<TestApp> OpenAnotherAsync() => (await TestApp.StartSimulatedAsync(sharing: App, storage: Storage)).App;

    public Task<Reply> BuyAsync(string user, string package = "starter", int quantity = 1, string? key = null, string? promoCode = null, TestApp? at = null) =>
        (at ?? App).SendAsync(HttpMethod.Post, "credits/purchase", new { userId = user, packageId = package, quantity, promoCode }, change: Key(key));

    public static Action<HttpRequestMessage>? Key(string? key) => key is null ? null : request => request.Headers.Add("Idempotency-Key", key);

    public string SessionOf(Reply order) => order.Text("checkoutUrl")!.Split('/')[^1];

    /// <summary>Buys, pays on the page, and lets Stripe say so.</summary>
    public async Task<Reply> BuyAndPayAsync(string user, string package = "starter", int quantity = 1)
    {
        var order = await BuyAsync(user, package, quantity);
        Assert.Equal(201, order.Status);
        Assert.Equal(200, (await SendAsync(Completed(order))).Status);
        return order;
    }

    /// <summary>Chooses a plan, pays on the page, and lets Stripe say so.</summary>
    public async Task<Reply> BuyPlanAsync(string user, string plan = "basic")
    {
        var order = await App.PostAsync("subscription/checkout", new { userId = user, plan });
        Assert.Equal(200, (await SendAsync(Completed(order))).Status);
        return order;
    }

    public JsonObject Completed(Reply order) => Event("checkout.session.completed", Stripe.Pay(SessionOf(order)));

    public JsonObject Refunded(Reply order, long cents) => Event("charge.refunded", Charge(order, cents));

    public JsonObject Disputed(Reply order, string type, string status, string id = "dp_1") => Event(type, new JsonObject
    {
        ["id"] = id,
        ["object"] = "dispute",
        ["amount"] = Amount(order),
        ["currency"] = "usd",
        ["status"] = status,
        ["payment_intent"] = PaymentOf(order),
        ["charge"] = "ch_1",
    });

    public string PaymentOf(Reply order) => (string)Stripe.Pay(SessionOf(order))["payment_intent"]!;

    public static JsonObject Event(string type, JsonObject of, bool isLive = false) =>
        new() { ["id"] = "evt_" + type, ["object"] = "event", ["type"] = type, ["livemode"] = isLive, ["data"] = new JsonObject { ["object"] = of.DeepClone() } };

    public Task<Reply> SendAsync(JsonObject happened, TestApp? to = null) => SendRawAsync(happened.ToJsonString(), to: to);

    /// <summary>Sends bytes with a signature of its own.</summary>
    public async Task<Reply> SendRawAsync(string body, string? header = null, TestApp? to = null)
    {
        return await (to ?? App).SendAsync(HttpMethod.Post, "payments/stripe", change: request =>
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            request.Headers.TryAddWithoutValidation("Stripe-Signature", header ?? Sign(body, App.Clock.GetUtcNow().ToUnixTimeSeconds()));
        });
    }

    public static string Sign(string body, long at, string secret = StripeStandIn.WebhookSecret) =>
        $"t={at},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{at}.{body}")))}";

    public async Task<decimal> PaidCreditsAsync(string user) => (await App.GetAsync("credits?userId=" + user)).Number("paidCredits");

    public async Task<System.Text.Json.JsonElement> OrderAsync(string user, int index = 0) =>
        (await App.GetAsync("manage/orders?userId=" + user, App.Admin)).Body.GetProperty("orders")[index];

    public Task TickAsync(TestApp? at = null) => (at ?? App).Get<OrderTimer>().RunAsync(default);

    public Task RenewAsync(TestApp? at = null) => (at ?? App).Get<PlanRenewals>().RunAsync(default);

    /// <summary>Credits are neither made nor lost, in any account.</summary>
    public async Task AssertConservedAsync()
    {
        var audit = await App.GetAsync("manage/audit", App.Admin);
        Assert.Equal(200, audit.Status);
        Assert.True(audit.Flag("conserved"), audit.Body.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Stripe.DisposeAsync();
    }

    private JsonObject Charge(Reply order, long refunded) => new()
    {
        ["id"] = "ch_1",
        ["object"] = "charge",
        ["amount"] = Amount(order),
        ["amount_refunded"] = refunded,
        ["currency"] = "usd",
        ["payment_intent"] = PaymentOf(order),
        ["metadata"] = Stripe.Objects[SessionOf(order)]["metadata"]!.DeepClone(),
    };

    private long Amount(Reply order) => (long)Stripe.Objects[SessionOf(order)]["amount_total"]!;
}
