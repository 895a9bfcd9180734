using ServerlessAi.Simulation.People;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>What befalls a world: machines that die or are stopped and replaced, calendars that jump, timers that run too often or never.</summary>
internal sealed class Fate(World world, Random random)
{
    private static readonly string[] Timers =
        ["sweep-holds", "reset-quotas", "reconcile-spend", "warm-cache", "settle-orders", "settle-orders", "renew-subscriptions", "deliver-notifications", "erase-accounts"];

    private static readonly TimeSpan ALongSleep = TimeSpan.FromDays(2);

    private bool isOver;
    private bool hasSleptLong;

    public static TimeSpan Skew(WorldPlan plan, Random random) =>
        plan.HasWrongClocks && random.Next(2) == 0 ? TimeSpan.FromSeconds(random.Next(-300, 301)) : TimeSpan.Zero;

    /// <summary>Nothing more befalls anybody.</summary>
    public void End() => isOver = true;

    public Task RunAsync() => Task.WhenAll(LoseMachinesAsync(), RunTimersAsync(), SetClocksAsync());

    /// <summary>Runs a timer function on a machine, as its host would.</summary>
    public static Task RunTimerAsync(World world, Instance instance, string timer) => world.SendAsync(
        instance, new Exchange(world.Exchanges.Count + 1, "host", "POST", "admin/functions/" + timer, """{"input":""}""", key: null));

    private async Task LoseMachinesAsync()
    {
        while (!isOver && world.Plan.HasCrashes)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 40_000)), world.Time);
            if (isOver)
            {
                continue;
            }

            if (world.Alive is not { Count: > 0 } alive)
            {
                await world.StartInstanceAsync(Skew(world.Plan, random));
                continue;
            }

            var victim = alive[random.Next(alive.Count)];
            switch (random.Next(4))
            {
                case 0:
                    world.Note($"machine {victim.Machine.Number} is stopped");
                    await victim.StopAsync();
                    break;
                case 1:
                    victim.Machine.Die();
                    break;
                default:
                    victim.Machine.DieAfter(random.Next(40));
                    await Task.WhenAny(victim.Machine.Death, Task.Delay(TimeSpan.FromSeconds(30), world.Time));
                    break;
            }

            world.CountCrash();
            world.Note($"machine {victim.Machine.Number} is {(victim.Machine.IsAlive ? "alive" : "gone")}");
            if (world.Alive.Count < world.Plan.Machines)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5_000)), world.Time);
                await world.StartInstanceAsync(Skew(world.Plan, random));
            }
        }
    }

    private async Task RunTimersAsync()
    {
        while (!isOver && world.Plan.TimerEagerness > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(2_000, 60_000 / world.Plan.TimerEagerness)), world.Time);
            var timer = Timers[random.Next(Timers.Length)];
            var runs = world.Alive.Take(world.Plan.TimerEagerness).Select(instance => RunTimerAsync(world, instance, timer)).ToList();
            await Task.WhenAll(runs);
        }
    }

    private async Task SetClocksAsync()
    {
        while (!isOver)
        {
            await Task.Delay(TimeSpan.FromSeconds(random.Next(20, 200)), world.Time);
            if (isOver)
            {
                return;
            }

            // Time in which nothing happened: minutes, or until after a midnight, or about a month.
            // The app looks back two months for what nobody came back to, so there is one such month in a world.
            var jump = random.Next(24) switch
            {
                < 3 when !hasSleptLong => TimeSpan.FromDays(random.Next(25, 40)),
                < 7 => TimeSpan.FromHours(random.Next(1, 30)),
                _ => TimeSpan.FromSeconds(random.Next(-60, 900)),
            };
            world.Time.JumpCalendar(jump);
            world.Note($"calendar jumps by {jump.TotalSeconds:F0} s to {world.Time.GetUtcNow():yyyy-MM-dd HH:mm:ss}");
            if (world.Plan.HasWrongClocks && world.Alive is { Count: > 0 } alive)
            {
                alive[random.Next(alive.Count)].Machine.Clock.Skew = Skew(world.Plan, random);
            }

            if (jump > ALongSleep)
            {
                hasSleptLong = true;
                await RenewAsync(world.Plan.TimerEagerness);
            }
        }
    }

    /// <summary>People are done, and a month goes by, in which plans become due.</summary>
    public async Task LiveOnAsync()
    {
        // Where cards are charged nobody is to miss it.
        if (!hasSleptLong && (world.Plan.TakesStripe || random.Next(2) == 0))
        {
            hasSleptLong = true;
            world.Time.JumpCalendar(TimeSpan.FromDays(random.Next(31, 33)));
            world.Note($"a month later it is {world.Time.GetUtcNow():yyyy-MM-dd HH:mm:ss}");
            await RenewAsync(atOnce: 2);
        }
    }

    /// <summary>What has become due in a month is asked for while nothing goes well yet, and again by whoever comes next.</summary>
    private async Task RenewAsync(int atOnce)
    {
        for (var run = 0; run < 3 && !isOver && atOnce > 0; run++)
        {
            foreach (var timer in (string[])["renew-subscriptions", "settle-orders"])
            {
                await Task.WhenAll(world.Alive.Take(atOnce).Select(instance => RunTimerAsync(world, instance, timer)).ToList());
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1_000, 40_000)), world.Time);
            }
        }
    }
}
