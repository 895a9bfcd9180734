using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ServerlessAi.Simulator.Vendors;
using ServerlessAi.Tests.Payments;
using Xunit.Abstractions;

namespace ServerlessAi.Tests.Crashes;

/// <summary>The app as a process of its own, killed with SIGKILL while it learns that an order was paid. <c>KILLS=200</c> kills as often as that.</summary>
public sealed class KilledOrderTests(ITestOutputHelper output)
{
    private const int Seed = 41;
    private static readonly int Kills = int.TryParse(Environment.GetEnvironmentVariable("KILLS"), CultureInfo.InvariantCulture, out var kills) ? kills : 6;

    [Theory]
    [InlineData("stripe")]
    [InlineData("simulated")]
    public async Task An_order_that_is_paid_while_the_process_is_killed_is_credited_once(string gateway)
    {
        var random = new Random(Seed);
        await using var stripe = await StripeStandIn.StartAsync();
        var settings = await SettingsAsync(stripe, gateway);
        var (answered, cut) = (0, 0);
        for (var kill = 0; kill < Kills; kill++)
        {
            var user = string.Create(CultureInfo.InvariantCulture, $"user{kill}");
            string order, page;
            await using (var dying = await AppProcess.StartAsync(settings))
            {
                (order, page) = await BuyAsync(dying, user);
                var paying = PayAsync(dying, stripe, page);
                await Task.Delay(random.Next(0, 400));
                await dying.KillAsync();
                _ = await paying ? answered++ : cut++;
            }

            await using var restarted = await AppProcess.StartAsync(settings);
            // Stripe sends its event until it is taken; somebody who clicked does not always click again.
            if (gateway == "stripe" || kill % 2 == 0)
            {
                Assert.True(await PayAsync(restarted, stripe, page));
            }

            using var timer = await restarted.Http.PostAsync("/admin/functions/settle-orders", new StringContent("""{"input":""}"""));
            await Wait.UntilAsync(async () => (await StatusAsync(restarted, user, order)) is "fulfilled" or "created", "the order is settled");
            var expected = await StatusAsync(restarted, user, order) == "fulfilled" ? 60 : 10;
            Assert.Equal(expected, (await GetAsync(restarted, "credits?userId=" + user)).GetProperty("credits").GetDecimal());
            Assert.True(expected == 60 || (gateway == "simulated" && kill % 2 == 1), $"{user} paid, and has nothing for it.");
        }

        output.WriteLine($"{Kills} kills: {cut} before the answer, {answered} after it.");
        await using var auditor = await AppProcess.StartAsync(settings);
        Assert.True((await GetAsync(auditor, "manage/audit")).GetProperty("conserved").GetBoolean());
    }

    private static async Task<Dictionary<string, string?>> SettingsAsync(StripeStandIn stripe, string gateway) => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Storage:ConnectionString"] = (await Azurite.SharedAsync()).ConnectionString,
        ["Storage:TablePrefix"] = string.Create(CultureInfo.InvariantCulture, $"paid{gateway}{Environment.ProcessId}"),
        ["Storage:NetworkTimeoutMs"] = "20000",
        ["Access:AdminKey"] = TestApp.AdminKey,
        ["Payments:Gateway"] = gateway,
        ["Payments:Stripe:BaseUrl"] = stripe.BaseUrl,
        ["Payments:Stripe:SecretKey"] = StripeStandIn.SecretKey,
        ["Payments:Stripe:WebhookSecret"] = StripeStandIn.WebhookSecret,
    };

    private static async Task<(string Order, string Page)> BuyAsync(AppProcess app, string user)
    {
        using var response = await app.Http.PostAsJsonAsync("credits/purchase", new { userId = user, packageId = "starter" });
        var body = (await response.Content.ReadFromJsonAsync<JsonElement>())!;
        return (body.GetProperty("orderId").GetString()!, body.GetProperty("checkoutUrl").GetString()!);
    }

    /// <summary>Stripe's event, or the click on the app's own page.</summary>
    /// <returns>Whether it was taken.</returns>
    private static async Task<bool> PayAsync(AppProcess app, StripeStandIn stripe, string page)
    {
        var isStripe = page.StartsWith("https://checkout.stripe.com/", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(HttpMethod.Post, isStripe ? "payments/stripe" : new Uri(page).PathAndQuery + "&decision=pay");
        if (isStripe)
        {
            var body = Shop.Event("checkout.session.completed", stripe.Pay(page.Split('/')[^1])).ToJsonString();
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            request.Headers.TryAddWithoutValidation("Stripe-Signature", Shop.Sign(body, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()));
        }

        try
        {
            using var response = await app.Http.SendAsync(request);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // The process died over it.
            return false;
        }
    }

    private static async Task<string?> StatusAsync(AppProcess app, string user, string order) => (await GetAsync(app, "credits/orders?userId=" + user)).GetProperty("orders")
        .EnumerateArray().Single(known => known.GetProperty("orderId").GetString() == order).GetProperty("status").GetString();

    private static async Task<JsonElement> GetAsync(AppProcess app, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (path.StartsWith("manage/", StringComparison.Ordinal))
        {
            request.Headers.Authorization = new("Bearer", TestApp.AdminKey);
        }

        using var response = await app.Http.SendAsync(request);
        return (await response.Content.ReadFromJsonAsync<JsonElement>())!;
    }
}
