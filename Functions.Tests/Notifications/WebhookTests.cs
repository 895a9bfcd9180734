using System.Net;
using Microsoft.Extensions.DependencyInjection;
using ServerlessAi.Notifications;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Notifications;

/// <summary>What goes out to webhooks, and where it never goes.</summary>
public sealed class WebhookTests
{
    [Fact]
    public async Task A_receiver_can_verify_what_it_gets_and_nobody_can_forge_it()
    {
        await using var world = await NotifyWorld.StartAsync();
        var secret = await world.HookAsync("ann");
        await world.TellAsync("ann");
        await world.RunAsync();

        var (request, now) = (Assert.Single(world.Receiver.Requests), world.App.Clock.GetUtcNow());
        Assert.Equal("application/json; charset=utf-8", request.Headers["Content-Type"]);
        Assert.Null(await WebhookReceiver.VerifyAsync(request, secret, now));
        Assert.Equal("No signature matches.", await WebhookReceiver.VerifyAsync(request with { Body = request.Body.Replace("ann", "bob", StringComparison.Ordinal) }, secret, now));
        Assert.Equal("No signature matches.", await WebhookReceiver.VerifyAsync(request, await world.HookAsync("bob"), now));
        Assert.Equal("No signature matches.", await WebhookReceiver.VerifyAsync(request with { Headers = request.Headers.SetItem("webhook-id", "other") }, secret, now));
        Assert.Equal("The timestamp is too far from now.", await WebhookReceiver.VerifyAsync(request, secret, now.AddMinutes(6)));
    }

    // The vector that the libraries of the specification are tested with.
    [Fact]
    public void A_signature_is_that_of_the_specification() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookSignature.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", """{"test": 2432232314}""", WebhookSignature.KeyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));

    [Fact]
    public async Task The_installations_webhook_hears_of_every_account_with_a_secret_of_its_own()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        await using var world = await NotifyWorld.StartAsync(new Dictionary<string, string?> { ["Notifications:WebhookUrl"] = receiver.Url, ["Notifications:WebhookSecret"] = Secret });
        await world.HookAsync("ann");
        await world.TellAsync("ann");
        await world.TellAsync("bob");
        await world.RunAsync();

        Assert.Equal(["ann", "bob"], receiver.Requests.Select(request => (string?)request.Json["accountId"]).Order(StringComparer.Ordinal));
        Assert.Null(await WebhookReceiver.VerifyAsync(receiver.Requests[0], Secret, world.App.Clock.GetUtcNow()));
        // One row for each channel: the account's own is tried for itself, under another id.
        Assert.DoesNotContain(world.Receiver.Ids.Single(), receiver.Ids);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_an_endless_answer_is_not_read()
    {
        await using var other = await WebhookReceiver.StartAsync();
        await using var world = await NotifyWorld.StartAsync();
        await world.HookAsync("ann");
        world.Receiver.Script(
            Behaviour.Answer(307, "").With("Location", other.Url),
            new Behaviour(async (context, _) =>
            {
                var chunk = new byte[4_096];
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
                }
            }));
        await world.TellAsync("ann");
        await world.RunAsync();
        await world.RunForAsync(TimeSpan.FromMinutes(3));

        // The second answer was 200 from its first byte on.
        Assert.Equal((2, 0), (world.Receiver.Requests.Count, other.Requests.Count));
        Assert.Empty(await world.OutboxAsync());
    }

    [Theory]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://localhost/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://172.31.255.255/")]
    [InlineData("https://192.168.1.1/")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://168.63.129.16/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://224.0.0.1/")]
    [InlineData("https://255.255.255.255/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::ffff:7f00:1]/")]
    [InlineData("https://[::127.0.0.1]/")]
    [InlineData("https://[64:ff9b::7f00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[fd00:ec2::254]/")]
    [InlineData("https://[ff02::1]/")]
    [InlineData("http://example.com/")]
    [InlineData("https://user:pass@example.com/")]
    [InlineData("ftp://example.com/")]
    [InlineData("/hooks")]
    [InlineData("https://")]
    [InlineData("https://example.com/\r\nX-Injected: 1")]
    public async Task An_address_of_the_inside_is_refused_when_it_is_set(string url)
    {
        await using var world = await NotifyWorld.StartAsync(new Dictionary<string, string?> { ["Notifications:AllowPrivate"] = "false" });

        var reply = await world.App.SendAsync(HttpMethod.Put, "notifications/preferences?userId=ann", new { webhookUrl = url });

        Assert.Equal((400, "invalid_request"), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::1")]
    [InlineData("10.0.0.1", "fd00::1", "169.254.169.254")]
    public async Task A_name_that_leads_inside_when_it_is_connected_to_is_not_connected_to(params string[] addresses)
    {
        var asked = 0;
        await using var world = await NotifyWorld.StartAsync(
            new Dictionary<string, string?> { ["Notifications:AllowPrivate"] = "false" },
            services => services.AddSingleton<HostLookup>((_, _) =>
            {
                asked++;
                return Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse));
            }));
        await world.HookAsync("ann", "https://rebound.example:" + new Uri(world.Receiver.BaseUrl).Port + "/hooks");
        await world.TellAsync("ann");

        await world.RunAsync();

        Assert.Equal((1, 0), (asked, world.Receiver.Requests.Count));
        Assert.Equal("address_not_public", Assert.Single(await world.OutboxAsync()).GetString("Error"));
    }

    [Theory]
    [InlineData("93.184.215.14", true)]
    [InlineData("::ffff:93.184.215.14", true)]
    [InlineData("2606:2800:21f:cb07:6820:80da:af6b:8b2c", true)]
    [InlineData("172.32.0.1", true)]
    [InlineData("100.128.0.1", true)]
    [InlineData("172.16.0.1", false)]
    [InlineData("198.19.255.255", false)]
    [InlineData("203.0.113.9", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("fe80::1%1", false)]
    public void Addresses_of_the_public_internet_are_known_from_others(string address, bool isPublic) =>
        Assert.Equal(isPublic, PublicAddresses.Contains(IPAddress.Parse(address)));
}
