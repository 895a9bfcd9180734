using Azure.Storage.Blobs;
using ServerlessAi.Access.Sealing;
using ServerlessAi.Accounts;
using ServerlessAi.Notifications;
using ServerlessAi.Simulator.Storage;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Notifications;

/// <summary>What signs webhooks is not stored so that it can be read.</summary>
public sealed class SealedSecretTests
{
    [Fact]
    public async Task No_row_has_a_webhooks_secret_and_another_instance_signs_with_it_a_year_later()
    {
        await using var world = await NotifyWorld.StartAsync();
        var secret = await world.HookAsync("ann");
        await using var other = await world.AnotherAsync();
        world.App.Clock.Advance(TimeSpan.FromDays(400));

        await world.TellAsync("ann");
        await world.RunAsync(other);

        var request = Assert.Single(world.Receiver.Requests);
        Assert.Null(await WebhookReceiver.VerifyAsync(request, secret, world.App.Clock.GetUtcNow()));
        var rows = await (await world.App.Get<Tables>().GetAsync(TableNames.Accounts)).QueryAsync<Azure.Data.Tables.TableEntity>().ToListAsync();
        Assert.All(rows, row => Assert.DoesNotContain(row, property => property.Value is string text && text.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task When_the_ring_is_lost_the_webhook_is_off_until_it_is_set_again()
    {
        await using var world = await NotifyWorld.StartAsync();
        await world.HookAsync("ann");
        await new BlobServiceClient(SimulatedStorage.ConnectionString, new BlobClientOptions { Transport = world.Storage })
            .GetBlobContainerClient(world.App.Settings["Storage:KeysContainer"]).GetBlobClient("key-ring.xml").DeleteAsync();
        await using var other = await world.AnotherAsync();

        await world.TellAsync("ann");
        await world.RunAsync(other);

        Assert.Empty(world.Receiver.Requests);
        var seen = await other.GetAsync("notifications/preferences?userId=ann");
        Assert.Equal((world.Receiver.Url, false), (seen.Text("webhookUrl"), seen.Flag("webhookActive")));
        var again = await other.SendAsync(HttpMethod.Put, "notifications/preferences?userId=ann", new { webhookUrl = world.Receiver.Url });
        await world.TellAsync("ann", level: 90);
        await world.RunAsync(other);
        Assert.Null(await WebhookReceiver.VerifyAsync(Assert.Single(world.Receiver.Requests), again.Text("webhookSecret")!, world.App.Clock.GetUtcNow()));
    }

    [Fact]
    public async Task A_secret_that_was_stored_before_they_were_sealed_still_signs()
    {
        const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        await using var world = await NotifyWorld.StartAsync();
        await world.HookAsync("ann");
        await world.App.Get<PreferenceRows>().ChangeAsync("ann", before => before with { WebhookSecret = Secret }, default);

        await world.TellAsync("ann");
        await world.RunAsync();

        Assert.Null(await WebhookReceiver.VerifyAsync(Assert.Single(world.Receiver.Requests), Secret, world.App.Clock.GetUtcNow()));
    }

    [Fact]
    public async Task A_seal_opens_for_its_purpose_alone_and_only_as_it_is()
    {
        await using var world = await NotifyWorld.StartAsync();
        var seals = world.App.Get<LastingSeals>();
        var seal = await seals.SealAsync("ann", "a secret", default);

        Assert.Equal("a secret", await seals.OpenAsync("ann", seal, default));
        Assert.Null(await seals.OpenAsync("bob", seal, default));
        Assert.Null(await seals.OpenAsync("ann", seal[..^1] + (seal[^1] == 'A' ? 'B' : 'A'), default));
        Assert.Null(await seals.OpenAsync("ann", "sealed.", default));
        Assert.Null(await seals.OpenAsync("ann", "whsec_x", default));
    }
}
