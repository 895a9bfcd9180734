using ServerlessAi.Primitives;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>Some who spend from one account: they join, have caps that change, leave, come back, and ask for things all the while.</summary>
/// <param name="friend">Whom the founder gives credits of the team.</param>
internal sealed class Team(World world, string friend)
{
    public const string Owner = "owner";

    /// <summary>The highest cap that is ever set, credits a month.</summary>
    public const decimal HighestCap = 2m;

    public static readonly string[] Members = ["member0", "member1"];

    /// <summary>The account that they share.</summary>
    public static string Account => TeamAccounts.Of(Owner);

    public static bool Has(string name) => name == Owner || Members.Contains(name, StringComparer.Ordinal);

    public async Task LiveAsync()
    {
        var owner = new Sender(world, Owner, world.Random(Owner));
        if (await owner.UntilAnsweredAsync("POST", "api/teams", new { name = "Them" }) is { Status: 200 })
        {
            await owner.SendAsync("POST", $"api/manage/users/{Account}/credits", new { amount = 5, reason = "for the team", kind = "purchase" }, key: null, asAdmin: true);
        }

        await Task.WhenAll(Members.Select(member => LiveAsync(owner, member, world.Random(member))).Append(new Founder(world, friend, world.Random("founder")).LiveAsync()).ToList());
    }

    private async Task LiveAsync(Sender owner, string name, Random luck)
    {
        var (sender, user) = (new Sender(world, name, luck), new User(world, name, luck));
        for (var round = luck.Next(1, 3); round > 0; round--)
        {
            await InviteAsync(owner, sender, luck);
            for (var act = luck.Next(1, 6); act > 0; act--)
            {
                await sender.PauseAsync(8_000);
                if (luck.Next(4) == 0)
                {
                    await owner.SendAsync("PUT", $"api/teams/members/{name}", new { monthlyCap = Cap(luck) });
                }

                await Task.WhenAll(Enumerable.Range(0, luck.Next(1, 4)).Select(_ => AskAsync(user, luck)).ToList());
            }

            if (luck.Next(2) == 0)
            {
                await (luck.Next(2) == 0 ? sender : owner).UntilAnsweredAsync("DELETE", $"api/teams/members/{name}");
                await AskAsync(user, luck);
            }
        }
    }

    private static async Task InviteAsync(Sender owner, Sender member, Random luck)
    {
        if (await owner.UntilAnsweredAsync("POST", "api/teams/invites", new { monthlyCap = Cap(luck) }) is { Status: 201 } invited)
        {
            await member.UntilAnsweredAsync("POST", "api/teams/join", new { code = invited.Body.GetProperty("code").GetString() });
        }
    }

    private async Task<Reply?> AskAsync(User user, Random luck) => world.Alive is { Count: > 0 } alive ? await user.AskAsync(alive[luck.Next(alive.Count)]) : null;

    private static decimal Cap(Random luck) => luck.Next(5) switch
    {
        0 => 0,
        1 => 0.001m,
        2 => 0.1m,
        _ => HighestCap,
    };
}
