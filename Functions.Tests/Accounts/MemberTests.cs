using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

public sealed class MemberTests
{
    private readonly World world = new();
    private int changes;

    public MemberTests()
    {
        world.Grant("bought", 100);
        Set("owner", cap: null, isOwner: true);
    }

    [Fact]
    public void A_member_spends_up_to_the_cap_and_what_is_under_way_counts()
    {
        Set("ann", cap: 3);
        Assert.IsType<Admitted>(Reserve("a", "ann", 2));
        Assert.Equal((RefusalCodes.UsageLimitExceeded, 2m, 3m), Refused("b", "ann", 2));
        world.Settle("a", 1);
        Assert.IsType<Admitted>(Reserve("c", "ann", 2));
        Assert.IsType<Admitted>(Reserve("d", "owner", 50));
    }

    [Fact]
    public void A_cap_starts_anew_each_month()
    {
        Set("ann", cap: 3);
        Reserve("a", "ann", 3);
        world.Settle("a", 3);
        world.Now = World.Start.AddDays(2);

        Assert.IsType<Admitted>(Reserve("b", "ann", 3));
    }

    [Fact]
    public void Leaving_and_coming_back_gives_no_second_share()
    {
        Set("ann", cap: 3);
        Reserve("a", "ann", 3);
        world.Settle("a", 3);
        world.Run(new RemoveMember("out", "ann", IsForgotten: false));
        Assert.Equal(RefusalCodes.Forbidden, Assert.IsType<Refused>(Reserve("b", "ann", 1)).Refusal.Code);
        Set("ann", cap: 3);

        Assert.Equal(RefusalCodes.UsageLimitExceeded, Refused("c", "ann", 1).Code);
    }

    [Fact]
    public void What_is_under_way_of_who_has_left_counts_although_others_come_and_go_meanwhile()
    {
        Set("ann", cap: 3);
        Reserve("a", "ann", 2);
        world.Run(new RemoveMember("out", "ann", IsForgotten: false));
        Set("bob", cap: 1);
        world.Settle("a", 2);
        Set("ann", cap: 3);

        Assert.Equal((RefusalCodes.UsageLimitExceeded, 2m, 3m), Refused("b", "ann", 2));
    }

    [Fact]
    public void What_was_begun_before_leaving_counts_when_coming_back_and_no_name_is_kept_in_between()
    {
        Set("ann", cap: 3);
        var hold = Assert.IsType<Admitted>(Reserve("a", "ann", 2)).Hold;
        world.Run(new RemoveMember("out", "ann", IsForgotten: false));
        world.Settle("a", 2);

        Assert.DoesNotContain("ann", ServerlessAi.Storage.StoredJson.Write(hold), StringComparison.Ordinal);
        Assert.DoesNotContain("ann", world.State.Members.Keys);
        Set("ann", cap: 3);
        Assert.Equal((RefusalCodes.UsageLimitExceeded, 2m, 3m), Refused("b", "ann", 2));
    }

    [Fact]
    public void Text_is_cut_to_what_the_cap_leaves()
    {
        Set("ann", cap: 0.05m);
        var hold = Assert.IsType<Admitted>(world.Run(
            new Reserve("a", WorkKind.Text, [World.TextOffer(0, 2_000, creditsPerMillion: 100)], world.Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false) { Member = "ann" })).Hold;

        Assert.Equal((500, true), (hold.OutputTokens, hold.Clamped));
    }

    [Fact]
    public void An_account_has_a_bounded_number_of_members()
    {
        for (var i = 1; i < Account.MembersLimit; i++)
        {
            Set("user" + i, cap: 1);
        }

        var refused = Assert.IsType<Refused>(world.Run(new AddMember("one too many", "late", CapMicro: null, "test")));

        Assert.Equal(RefusalCodes.Conflict, refused.Refusal.Code);
    }

    [Fact]
    public void Whoever_founded_an_account_comes_back_to_it_however_many_share_it()
    {
        world.Run(new RemoveMember("out", "owner", IsForgotten: false));
        for (var i = 1; i <= Account.MembersLimit; i++)
        {
            Set("user" + i, cap: 1);
        }

        Set("owner", cap: null, isOwner: true);

        Assert.Equal((Account.MembersLimit + 1, true), (world.State.Members.Count, world.State.Members["owner"].IsOwner));
        Assert.IsType<Refused>(world.Run(new AddMember("one too many", "late", CapMicro: null, "test")));
    }

    private void Set(string user, decimal? cap, bool isOwner = false) => Assert.IsType<MemberSet>(world.Run(
        new AddMember($"set {++changes}", user, cap is { } credits ? Money.FromCredits(credits) : null, "test") { IsOwner = isOwner }));

    private Outcome Reserve(string id, string user, decimal credits) => world.Run(
        new Reserve(id, WorkKind.Image, [World.ImageOffer("premium", credits, freeQuota: false, costUsd: 0.01m, isStandard: true)], world.Plans, TimeSpan.FromMinutes(5), PlatformOverBudget: false) { Member = user });

    private (string Code, decimal? Used, decimal? Limit) Refused(string id, string user, decimal credits)
    {
        var refusal = Assert.IsType<Refused>(Reserve(id, user, credits)).Refusal;
        return (refusal.Code, refusal.Facts.GetValueOrDefault("currentUsage") as decimal?, refusal.Facts.GetValueOrDefault("limit") as decimal?);
    }
}
