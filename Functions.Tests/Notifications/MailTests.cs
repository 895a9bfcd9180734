using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ServerlessAi.Notifications;

namespace ServerlessAi.Tests.Notifications;

/// <summary>Mail, to a real server of this machine.</summary>
public sealed class MailTests : IAsyncLifetime
{
    private SmtpSink sink = null!;
    private NotifyWorld world = null!;

    public async Task InitializeAsync()
    {
        sink = await SmtpSink.StartAsync();
        world = await NotifyWorld.StartAsync(sink.Settings);
    }

    public async Task DisposeAsync()
    {
        await world.DisposeAsync();
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task A_mail_arrives_with_all_that_belongs_to_it()
    {
        await TrustAsync("ann", "ann@example.org");
        await world.TellAsync("ann");

        await world.RunAsync();

        var mail = await sink.LastAsync();
        Assert.Equal(("alerts@example.com", "ann@example.org"), (mail.From, mail.To));
        Assert.Equal(("alerts@example.com", "ann@example.org", "80 % of a limit used: Gemini calls"), (mail.Header("From"), mail.Header("To"), mail.Header("Subject")));
        Assert.StartsWith("80 of 100 Gemini calls in 2040-05 are used (plan free): 80 % or more.", mail.Body, StringComparison.Ordinal);
        Assert.Equal(("<mailto:alerts@example.com?subject=unsubscribe>", "auto-generated"), (mail.Header("List-Unsubscribe"), mail.Header("Auto-Submitted")));
        Assert.Matches("^<[0-9a-f]{32}@example.com>$", mail.Header("Message-ID"));
    }

    [Fact]
    public async Task A_server_that_has_no_time_gets_the_mail_later_and_one_that_refuses_the_address_gets_nothing_more()
    {
        await TrustAsync("ann", "busy@example.org");
        await TrustAsync("bob", "nobody@example.org");
        await world.TellAsync("ann");
        await world.TellAsync("bob");
        await world.RunAsync();
        await sink.RefusedAsync(2);

        // A refusal that lasts is not repeated; one for now is.
        Assert.Equal("smtp_450", Assert.Single(await PendingAsync()).GetString("Error"));
        Assert.False((await world.App.GetAsync("notifications/preferences?userId=bob")).Flag("emailActive"));
        Assert.Equal("smtp_550", (await world.App.GetAsync("manage/notifications?state=dead", world.App.Admin)).Body.GetProperty("notifications")[0].GetProperty("error").GetString());
        await TrustAsync("ann", "ann@example.org");
        await world.TellAsync("bob", 90);
        await world.RunForAsync(TimeSpan.FromMinutes(3));

        Assert.Equal("ann@example.org", (await sink.LastAsync()).To);
        Assert.Equal((1, 2), (sink.Mails.Count, sink.Refusals));
    }

    [Fact]
    public async Task Nobody_is_written_to_before_a_code_came_back_from_there()
    {
        var asked = await SetAsync("ann", "ann@example.org");
        Assert.Equal((200, null, "ann@example.org"), (asked.Status, asked.Text("email"), asked.Text("pendingEmail")));
        await world.TellAsync("ann");
        await world.RunAsync();
        var mail = await sink.LastAsync();
        Assert.Equal(("Confirm your address", "ann@example.org", 16), (mail.Header("Subject"), mail.To, mail.Code.Length));

        Assert.Equal(400, (await ConfirmAsync("ann", mail.Code[..^1] + "~")).Status);
        Assert.Equal(400, (await ConfirmAsync("bob", mail.Code)).Status);
        var confirmed = await ConfirmAsync("ann", mail.Code);
        Assert.Equal((200, "ann@example.org", null), (confirmed.Status, confirmed.Text("email"), confirmed.Text("pendingEmail")));
        Assert.Equal(400, (await ConfirmAsync("ann", mail.Code)).Status);
        await world.TellAsync("ann", 90);
        await world.RunAsync();

        Assert.Equal("90 % of a limit used: Gemini calls", (await sink.LastAsync(2)).Header("Subject"));
    }

    [Fact]
    public async Task The_address_before_stays_until_the_new_one_is_confirmed_and_a_code_counts_for_a_day()
    {
        await TrustAsync("ann", "old@example.org");
        await SetAsync("ann", "new@example.org");
        await world.RunAsync();
        var code = (await sink.LastAsync()).Code;
        await world.TellAsync("ann");
        await world.RunAsync();
        Assert.Equal("old@example.org", (await sink.LastAsync(2)).To);

        world.App.Clock.Advance(PreferenceBook.CodeLife);

        Assert.Equal(400, (await ConfirmAsync("ann", code)).Status);
        Assert.Equal("old@example.org", (await world.App.GetAsync("notifications/preferences?userId=ann")).Text("email"));
    }

    [Fact]
    public async Task Codes_are_few_for_an_account_and_for_an_address()
    {
        for (var i = 0; i < PreferenceBook.CodesPerDay; i++)
        {
            Assert.Equal(200, (await SetAsync("ann", $"a{i}@example.org")).Status);
        }

        var refused = await SetAsync("ann", "one-more@example.org");
        Assert.Equal((429, "rate_limited", true), (refused.Status, refused.Code, refused.Headers.ContainsKey("Retry-After")));
        for (var i = 0; i < CodeAllowance.PerAddressAndDay; i++)
        {
            Assert.Equal(200, (await SetAsync($"user-{i}", "victim@example.org")).Status);
        }

        Assert.Equal(429, (await SetAsync("another", "Victim@example.org")).Status);
        world.App.Clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(200, (await SetAsync("ann", "one-more@example.org")).Status);
        Assert.Equal(200, (await SetAsync("another", "victim@example.org")).Status);
    }

    [Fact]
    public async Task Setting_the_same_address_again_sends_another_code_only_after_a_while_and_the_last_one_counts()
    {
        await SetAsync("ann", "ann@example.org");
        await SetAsync("ann", "ann@example.org");
        await world.RunAsync();
        var first = await sink.LastAsync();
        world.App.Clock.Advance(PreferenceBook.CodePause);
        await SetAsync("ann", "ann@example.org");
        await world.RunAsync();
        var second = await sink.LastAsync(2);

        Assert.Equal(2, sink.Mails.Count);
        Assert.Equal((400, 200), ((await ConfirmAsync("ann", first.Code)).Status, (await ConfirmAsync("ann", second.Code)).Status));
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("ann@localhost")]
    [InlineData("ann@example.org\r\nBcc: bob@example.org")]
    [InlineData("ann@example.org, bob@example.org")]
    [InlineData("Ann <ann@example.org>")]
    [InlineData("\"a b\"@example.org")]
    [InlineData("ann@bob@example.org")]
    [InlineData("ann@[127.0.0.1]")]
    [InlineData("ann@127.0.0.1")]
    [InlineData("änn@example.org")]
    public async Task What_is_no_plain_address_is_refused(string email)
    {
        Assert.Equal((400, "invalid_request"), (await SetAsync("ann", email) is var reply ? reply.Status : 0, reply.Code));
        Assert.Equal(400, (await world.App.SendAsync(HttpMethod.Put, "manage/users/ann/notifications", new { email }, world.App.Admin)).Status);
    }

    [Fact]
    public async Task A_mail_server_that_hangs_keeps_webhooks_from_nobody()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var settings = new Dictionary<string, string?>(sink.Settings) { ["Notifications:Smtp:Port"] = ((IPEndPoint)silent.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture), ["Notifications:Smtp:TimeoutMs"] = "500" };
        await using var hung = await NotifyWorld.StartAsync(settings);
        for (var i = 0; i < 30; i++)
        {
            await hung.App.SendAsync(HttpMethod.Put, $"manage/users/user-{i}/notifications", new { email = $"user-{i}@example.org" }, hung.App.Admin);
            await hung.TellAsync($"user-{i}");
        }

        await hung.HookAsync("zoe");
        await hung.TellAsync("zoe");
        await hung.RunAsync();

        Assert.Single(hung.Receiver.Requests);
        // As many as are sent at once found out for all of them.
        var tried = (await hung.OutboxAsync()).Where(row => row.GetInt32("Attempts") > 0).ToList();
        Assert.InRange(tried.Count, 1, 8);
        Assert.All(tried, row => Assert.Equal("timeout", row.GetString("Error")));
    }

    [Fact]
    public async Task No_name_can_begin_another_header()
    {
        await TrustAsync("ann", "ann@example.org");
        var alert = NotifyWorld.Alert(world.App, subject: "calls\r\nBcc: bob@example.org");
        await world.App.Get<ServerlessAi.Accounts.Outbox>().EnlistAsync("ann", [alert], world.App.Clock.GetUtcNow());
        await NotifyWorld.RaiseAsync(world.App, "ann", alert);

        await world.RunAsync();

        var mail = await sink.LastAsync();
        Assert.Equal((null, "ann@example.org"), (mail.Header("Bcc"), mail.To));
    }

    [Fact]
    public async Task Logs_speak_neither_of_addresses_nor_of_URLs_and_secrets()
    {
        using var logs = new Polyfills.FunctionsHost.CapturedLogs();
        await using var app = await world.AnotherAsync(services => Microsoft.Extensions.DependencyInjection.ServiceCollectionServiceExtensions.AddSingleton<Microsoft.Extensions.Logging.ILoggerProvider>(services, logs));
        world.Receiver.Script(Simulator.Vendors.Behaviour.Answer(500, "no"));
        var secret = await world.HookAsync("ann");
        await SetAsync("ann", "busy@example.org", world.Receiver.Url);
        await TrustAsync("bob", "nobody@example.org");
        await world.TellAsync("ann");
        await world.TellAsync("bob");

        await world.RunAsync(app);

        Assert.Contains(logs.Lines, line => line.Text.Contains("http_500", StringComparison.Ordinal));
        Assert.Contains(logs.Lines, line => line.Text.Contains("smtp_550", StringComparison.Ordinal));
        foreach (var word in new[] { "@example", "/hooks", secret, new Uri(world.Receiver.Url).Port.ToString(CultureInfo.InvariantCulture) })
        {
            Assert.DoesNotContain(logs.Lines, line => line.Text.Contains(word, StringComparison.Ordinal));
        }
    }

    private async Task TrustAsync(string user, string email) =>
        Assert.Equal(200, (await world.App.SendAsync(HttpMethod.Put, $"manage/users/{user}/notifications", new { email }, world.App.Admin)).Status);

    private Task<Reply> SetAsync(string user, string email, string? webhookUrl = null) =>
        world.App.SendAsync(HttpMethod.Put, $"notifications/preferences?userId={user}", new { email, webhookUrl });

    private Task<Reply> ConfirmAsync(string user, string code) => world.App.PostAsync($"notifications/confirm?userId={user}", new { code });

    private async Task<List<Azure.Data.Tables.TableEntity>> PendingAsync() =>
        [.. (await world.OutboxAsync()).Where(row => !row.PartitionKey.StartsWith("dead", StringComparison.Ordinal))];
}
