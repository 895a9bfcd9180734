using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using ServerlessAi.Payments;
using ServerlessAi.Payments.Stripe;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Payments;

public sealed class WebhookTests
{
    private const string Vector = "t=1700000000,v1=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a";
    private const string VectorBody = """{"id":"evt_1"}""";

    [Theory]
    [InlineData(Vector, VectorBody, 0, true)]
    [InlineData(Vector, VectorBody, 300, true)]
    [InlineData(Vector, VectorBody, -300, true)]
    [InlineData(Vector, VectorBody, 301, false)]
    [InlineData(Vector, VectorBody, -301, false)]
    [InlineData(Vector, """{"id":"evt_2"}""", 0, false)]
    [InlineData(Vector, """{"id": "evt_1"}""", 0, false)]
    [InlineData("t=1700000001,v1=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a", VectorBody, 0, false)]
    [InlineData("t=1700000000,v1=00,v1=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a", VectorBody, 0, true)]
    [InlineData("t=1700000000,v0=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a", VectorBody, 0, false)]
    [InlineData("t=1700000000,v1=248A374F50F943A28B0F6AB50FAF9A7E7E29B710FA26DF9FB1618B9BF8EA9C9A", VectorBody, 0, false)]
    [InlineData("v1=248a374f50f943a28b0f6ab50faf9a7e7e29b710fa26df9fb1618b9bf8ea9c9a", VectorBody, 0, false)]
    [InlineData("t=1700000000", VectorBody, 0, false)]
    [InlineData("", VectorBody, 0, false)]
    public void A_signature_verifies_when_the_whole_of_it_does(string header, string body, int secondsLater, bool verifies)
    {
        var time = new ManualTime(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000 + secondsLater));

        Assert.Equal(verifies, Signature(StripeStandIn.WebhookSecret, time).Verifies(header, System.Text.Encoding.UTF8.GetBytes(body)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public void Without_a_secret_nothing_verifies(string? secret)
    {
        var time = new ManualTime(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000));

        Assert.False(Signature(secret, time).Verifies(Shop.Sign(VectorBody, 1_700_000_000, ""), System.Text.Encoding.UTF8.GetBytes(VectorBody)));
        Assert.False(Signature(secret, time).Verifies(Vector, System.Text.Encoding.UTF8.GetBytes(VectorBody)));
    }

    [Fact]
    public async Task The_vector_is_received_over_HTTP_at_its_instant()
    {
        await using var shop = await Shop.OpenAsync();
        shop.App.Clock.Advance(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000) - shop.App.Clock.GetUtcNow());

        Assert.Equal(200, (await shop.SendRawAsync(VectorBody, Vector)).Status);
        Assert.Equal(400, (await shop.SendRawAsync(VectorBody + " ", Vector)).Status);
        shop.App.Clock.Advance(TimeSpan.FromSeconds(301));
        Assert.Equal((400, "invalid_request"), (await shop.SendRawAsync(VectorBody, Vector)) is var late ? (late.Status, late.Code) : default);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused()
    {
        await using var shop = await Shop.OpenAsync();

        Assert.Equal(413, (await shop.SendRawAsync(new string(' ', 256 * 1024 + 1))).Status);
    }

    [Fact]
    public async Task An_event_that_comes_a_hundred_times_credits_once()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAsync("ann");
        var completed = shop.Completed(order);

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(200, (await shop.SendAsync(completed)).Status);
        }

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Fact]
    public async Task An_event_that_comes_fifty_times_at_once_to_two_instances_credits_once()
    {
        await using var shop = await Shop.OpenAsync();
        await using var other = await shop.OpenAnotherAsync();
        var completed = shop.Completed(await shop.BuyAsync("ann"));

        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => shop.SendAsync(completed, i % 2 == 0 ? shop.App : other)));

        Assert.All(replies, reply => Assert.True(reply.Status is 200 or 503, $"{reply.Status}"));
        await shop.TickAsync();
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        await shop.AssertConservedAsync();
    }

    [Theory]
    [InlineData("amount_total", 499, "another amount")]
    [InlineData("amount_total", 50_000, "another amount")]
    [InlineData("currency", "eur", "another currency")]
    [InlineData("id", "cs_of_somebody", "another checkout session")]
    public async Task An_event_that_says_something_else_than_the_order_credits_nothing_and_is_noted(string field, object value, string problem)
    {
        await using var shop = await Shop.OpenAsync();
        var completed = shop.Completed(await shop.BuyAsync("ann"));
        completed["data"]!["object"]![field] = value is int number ? number : (string)value;

        var reply = await shop.SendAsync(completed);

        Assert.Equal((200, problem, 0), (reply.Status, reply.Text("problem"), await shop.PaidCreditsAsync("ann")));
        Assert.Contains(problem, (await shop.OrderAsync("ann")).GetProperty("notes")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_of_other_orders_accounts_modes_and_gateways_credit_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        var completed = shop.Completed(await shop.BuyAsync("ann"));
        var live = (JsonObject)completed.DeepClone();
        live["livemode"] = true;
        var unknown = Change(completed, "order_id", "0123");
        var foreign = Change(completed, "account_id", "bob");
        var crossed = (JsonObject)completed.DeepClone();
        crossed["data"]!["object"]!["client_reference_id"] = "another";
        var unpaid = (JsonObject)completed.DeepClone();
        unpaid["data"]!["object"]!["payment_status"] = "unpaid";
        var nobodys = (JsonObject)completed.DeepClone();
        nobodys["data"]!["object"]!["metadata"] = new JsonObject();

        foreach (var happened in new[] { live, unknown, foreign, crossed, unpaid, nobodys })
        {
            Assert.Equal(200, (await shop.SendAsync(happened)).Status);
        }

        Assert.Equal((0, 0), (await shop.PaidCreditsAsync("ann"), await shop.PaidCreditsAsync("bob")));
        Assert.Equal(200, (await shop.SendAsync(completed)).Status);
        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
    }

    [Fact]
    public async Task Forged_events_change_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        var body = shop.Completed(await shop.BuyAsync("ann")).ToJsonString();
        var now = shop.App.Clock.GetUtcNow().ToUnixTimeSeconds();

        foreach (var header in new[] { Shop.Sign(body, now, "whsec_other"), Shop.Sign(body, now, "test_secret"), Shop.Sign(body, now - 301), Shop.Sign(body + " ", now), "", "t=,v1=" })
        {
            Assert.Equal(400, (await shop.SendRawAsync(body, header)).Status);
        }

        Assert.Equal(0, await shop.PaidCreditsAsync("ann"));
    }

    [Fact]
    public async Task Paid_after_expired_is_paid_and_expired_after_paid_is_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        var order = await shop.BuyAsync("ann");
        var completed = shop.Completed(order);
        var expired = Shop.Event("checkout.session.expired", (JsonObject)completed["data"]!["object"]!);

        await shop.SendAsync(expired);
        Assert.Equal("expired", (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString());
        await shop.SendAsync(completed);
        await shop.SendAsync(expired);

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
        Assert.Equal("fulfilled", (await shop.OrderAsync("ann")).GetProperty("order").GetProperty("status").GetString());
    }

    [Fact]
    public async Task When_storage_is_down_Stripe_is_asked_to_send_it_again()
    {
        await using var shop = await Shop.OpenAsync();
        var completed = shop.Completed(await shop.BuyAsync("ann"));
        shop.Storage.Faults = _ => Fault.Busy503;
        Assert.Equal(503, (await shop.SendAsync(completed)).Status);

        shop.Storage.Faults = _ => Fault.None;
        Assert.Equal(200, (await shop.SendAsync(completed)).Status);

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
    }

    [Fact]
    public async Task A_payment_that_no_event_told_of_is_found_when_its_page_has_expired()
    {
        await using var shop = await Shop.OpenAsync();
        shop.Completed(await shop.BuyAsync("ann"));

        shop.App.Clock.Advance(TimeSpan.FromHours(25));
        await shop.TickAsync();

        Assert.Equal(50, await shop.PaidCreditsAsync("ann"));
    }

    private static JsonObject Change(JsonObject happened, string field, string value)
    {
        var other = (JsonObject)happened.DeepClone();
        other["data"]!["object"]!["metadata"]![field] = value;
        if (field == "order_id")
        {
            other["data"]!["object"]!["client_reference_id"] = value;
        }

        return other;
    }

    private static StripeSignature Signature(string? secret, TimeProvider time) =>
        new(Options.Create(new PaymentOptions { Stripe = new StripeOptions { WebhookSecret = secret } }), time);
}
