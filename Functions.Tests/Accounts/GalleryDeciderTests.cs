using ServerlessAi.Accounts;
using ServerlessAi.Primitives;

namespace ServerlessAi.Tests.Accounts;

/// <summary>How many images there are, decided with the rows that come and go.</summary>
public sealed class GalleryDeciderTests
{
    private readonly World world = new(new PlanLimits { SpacingMs = 0, RequestsPerMinute = 0, ConcurrentJobs = 5, FreeImagesPerDay = 100, Images = 2 });

    [Fact]
    public void Images_that_are_being_made_have_their_place_and_give_it_back_when_they_fail()
    {
        Make("a");
        Assert.IsType<Admitted>(world.ReserveImage("b", freeQuota: true));

        var refusal = Assert.IsType<Refused>(world.ReserveImage("c", freeQuota: true)).Refusal;
        Assert.Equal(RefusalCodes.UsageLimitExceeded, refusal.Code);
        Assert.Equal(("images", "free", 2, 2), (refusal.Facts["limitType"], refusal.Facts["plan"], refusal.Facts["currentUsage"], refusal.Facts["limit"]));

        world.Run(new Release("b", "provider_failed"));
        Assert.IsType<Admitted>(world.ReserveImage("d", freeQuota: true));
    }

    [Fact]
    public void What_is_no_image_needs_no_place()
    {
        world.Grant("bought", 10);
        Make("a");
        Make("b");

        Assert.IsType<Admitted>(world.ReserveText("c", 10, 10));
    }

    [Fact]
    public void An_image_that_comes_back_from_the_cache_before_its_hold_ends_counts_once()
    {
        world.ReserveImage("a", freeQuota: true);
        Assert.Equal(new GallerySet(Changed: true), world.Run(Join("a")));
        Assert.Equal(1, world.State.Images);
        Assert.IsType<Admitted>(world.ReserveImage("b", freeQuota: true));
        world.Run(new Release("b", "provider_failed"));

        world.Run(SettleOf("a"));

        Assert.Equal(1, world.State.Images);
    }

    [Fact]
    public void A_settlement_that_comes_after_its_lease_counts_unless_the_image_is_there()
    {
        world.ReserveImage("a", freeQuota: true);
        world.ReserveImage("b", freeQuota: true);
        world.Now += TimeSpan.FromHours(1);
        world.Run(new Sweep());
        world.Run(Join("a"));
        Assert.Equal(1, world.State.Images);

        world.Run(SettleOf("a") with { HasJoined = true });
        world.Run(SettleOf("b") with { HasJoined = false });

        Assert.Equal(2, world.State.Images);
    }

    [Fact]
    public void Who_joins_twice_or_leaves_twice_is_counted_once()
    {
        world.Run(Join("x"));
        Assert.Equal(new GallerySet(Changed: false), world.Run(Join("x") with { IsThere = true }));
        Assert.Equal(1, world.State.Images);

        world.Run(new RemoveImage("x", World.Start) { IsThere = true, HasPointer = true });
        Assert.Equal(new GallerySet(Changed: false), world.Run(new RemoveImage("x", World.Start)));

        Assert.Equal(0, world.State.Images);
    }

    [Fact]
    public void Nothing_joins_from_the_cache_where_there_is_no_place_and_nothing_leaves_that_is_being_made()
    {
        Make("a");
        world.ReserveImage("b", freeQuota: true);

        Assert.Equal(RefusalCodes.UsageLimitExceeded, Assert.IsType<Refused>(world.Run(Join("x"))).Refusal.Code);
        Assert.Equal(RefusalCodes.Conflict, Assert.IsType<Refused>(world.Run(new RemoveImage("b", World.Start) { IsThere = true })).Refusal.Code);
        Assert.Equal(1, world.State.Images);
    }

    [Fact]
    public void Each_level_of_the_limit_is_told_of_once_in_a_month()
    {
        Make("a");
        Make("b");
        world.Run(new RemoveImage("a", World.Start) { IsThere = true });
        Make("c");

        Assert.Equal([80L, 90, 100], world.Alerts.Where(alert => alert.Subject == "gallery").Select(alert => alert.Level));
    }

    private void Make(string id)
    {
        Assert.IsType<Admitted>(world.ReserveImage(id, freeQuota: true));
        Assert.IsType<Ended>(world.Run(SettleOf(id)));
    }

    private static Settle SettleOf(string id) => new(id, 0, 0, new UsageFacts("premium", "premium", "openai", "premium", "provider") { Images = 1 }) { Image = new ImageRecord(id, World.Start, "{}") };

    private JoinImage Join(string id) => new(new ImageRecord(id, World.Start, "{}"), world.Plans);
}
