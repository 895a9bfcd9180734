using ServerlessAi.Accounts;

namespace ServerlessAi.Plans;

/// <param name="Next">Send it as <c>after</c> to get the next page; null on the last one.</param>
public sealed record UserPage(IReadOnlyList<SubscriptionView> Users, string? Next);

/// <summary>All users with their plans, page by page.</summary>
public sealed class UserList(Members members, AccountStore accounts, PlanStore plans, TimeProvider time)
{
    private const int ReadsAtOnce = 8;

    public async Task<UserPage> ReadAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var list = await plans.GetAsync(cancellationToken);
        var ids = await members.ReadAsync(after, limit, cancellationToken);
        var views = new SubscriptionView[ids.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForAsync(0, ids.Count, options, async (i, _) =>
            views[i] = Subscriptions.Show(list, await accounts.ReadAsync(ids[i]), time.GetUtcNow()));
        return new UserPage(views, ids.Count == limit ? ids[^1] : null);
    }
}
