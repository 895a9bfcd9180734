using System.Collections.Immutable;
using ServerlessAi.Storage;

namespace ServerlessAi.Accounts;

/// <summary>What an account had at one moment: enough to show its credits as they were then, whatever has happened since.</summary>
/// <param name="Grants">Those with credits left.</param>
public sealed record CreditsThen(string AccountId, string? PlanId, DateTimeOffset At, long HeldMicro, ImmutableArray<CreditGrant> Grants)
{
    public static CreditsThen Of(AccountState state, DateTimeOffset now) =>
        new(state.AccountId, state.PlanId, now, state.HeldMicro, state.Grants.RemoveAll(grant => grant.RemainingMicro == 0));

    /// <summary>As the claim of the change keeps it.</summary>
    public string ToPayload() => StoredJson.Write(this);

    public static CreditsThen FromPayload(string payload) => StoredJson.Read<CreditsThen>(payload);
}
