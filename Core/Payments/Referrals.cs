using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Options;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Payments;

/// <param name="Code">What to give to others.</param>
/// <param name="BonusCredits">For each of the two, after the other's first purchase.</param>
public sealed record ReferralView(string Code, decimal BonusCredits, bool WasReferred);

/// <summary>Who brought whom. Both get credits after the first purchase of whoever was brought, once.</summary>
public sealed class Referrals(Tables tables, Payers payers, AccountStore accounts, IOptions<PaymentOptions> options)
{
    private const string Partition = "|referral";
    private const string Account = "Account";
    private const int CodeLength = 12;
    private const int OperationLength = 32;

    public async Task<ReferralView> ReadAsync(string accountId, CancellationToken cancellationToken)
    {
        var code = CodeOf(accountId);
        var client = await tables.GetAsync(TableNames.Orders);
        try
        {
            await client.AddEntityAsync(new TableEntity(Partition, code) { [Account] = accountId }, cancellationToken);
        }
        catch (RequestFailedException exception) when (StorageFaults.IsConflict(exception))
        {
            // Known already: an account's code is always the same.
        }

        return new ReferralView(code, options.Value.ReferralCredits, await payers.ReadAsync(accountId, cancellationToken) is not { ReferredBy: null, ReferralPaidAt: null });
    }

    /// <summary>Says who brought this account: once, and before its first purchase.</summary>
    public async Task<Answer<ReferralView>> SetAsync(string accountId, string code, CancellationToken cancellationToken)
    {
        var key = Canonical(code);
        if (await FindAsync(key, cancellationToken) is not { } referrer)
        {
            return Refusal.NotFound("There is no such referral code.");
        }

        if (string.Equals(referrer, accountId, StringComparison.Ordinal))
        {
            return Refusal.Invalid("Nobody can refer themselves.");
        }

        var changed = await payers.ChangeAsync(accountId, payer => payer switch
        {
            { ReferredBy: { } known } => string.Equals(known, key, StringComparison.Ordinal) ? payer : null,
            { FirstPurchaseAt: not null } or { ReferralPaidAt: not null } => null,
            _ => payer with { ReferredBy = key },
        }, cancellationToken);
        return changed is null
            ? new Refusal(RefusalCodes.Conflict, "A referral counts once, and before the first purchase.")
            : await ReadAsync(accountId, cancellationToken);
    }

    /// <summary>Forgets whose code it was: from then on it is nobody's.</summary>
    internal async Task ForgetAsync(string accountId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Orders);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(Partition, CodeOf(accountId), cancellationToken: cancellationToken);
        // By chance two may share a code, and the first keeps it.
        if (row.HasValue && string.Equals(row.Value!.GetString(Account), accountId, StringComparison.Ordinal))
        {
            await client.DeleteEntityAsync(Partition, CodeOf(accountId), row.Value.ETag, cancellationToken);
        }
    }

    /// <summary>Grants both their credits, if the order's account was referred and they have not had them.</summary>
    internal async Task RewardAsync(Order order, CancellationToken cancellationToken)
    {
        var micro = Money.FromCredits(options.Value.ReferralCredits);
        if (micro == 0 || order.Price.AmountCents == 0 || await payers.ReadAsync(order.AccountId, cancellationToken) is not { ReferredBy: { } code, ReferralPaidAt: null })
        {
            return;
        }

        // The same name in both accounts, always the same for whoever was referred, and one that tells neither who the other is: not even their code begins like it.
        var operation = "referral-" + Digest.Of("referred", order.AccountId)[..OperationLength];
        // Neither refusal can be mended by waiting, and the purchase goes on. Whoever was ever forgotten referred nobody.
        if (await FindAsync(code, cancellationToken) is { } referrer)
        {
            await GrantAsync(referrer);
        }

        await GrantAsync(order.AccountId);
        await payers.ChangeAsync(order.AccountId, payer => payer.ReferralPaidAt is null ? payer with { ReferralPaidAt = order.PaidAt, ReferredBy = null } : payer, cancellationToken);

        async Task GrantAsync(string accountId)
        {
            var outcome = await accounts.ExecuteAsync(accountId, new Grant(operation, GrantKind.Referral, micro, "referral") { Since = DateTimeOffset.MinValue });
            if (outcome is Refused { Refusal.Code: RefusalCodes.StorageUnavailable or RefusalCodes.AccountBusy })
            {
                throw new TimeoutException("A referral's credits could not be granted now.");
            }
        }
    }

    /// <returns>The code that others were given; null when it was never asked for.</returns>
    internal async Task<string?> FindCodeOfAsync(string accountId, CancellationToken cancellationToken) =>
        string.Equals(await FindAsync(CodeOf(accountId), cancellationToken), accountId, StringComparison.Ordinal) ? CodeOf(accountId) : null;

    /// <returns>Whose code it is; null when it is nobody's, or nobody's any more.</returns>
    private async Task<string?> FindAsync(string code, CancellationToken cancellationToken)
    {
        if (code.Length != CodeLength || !TableKey.Fits(code))
        {
            return null;
        }

        var client = await tables.GetAsync(TableNames.Orders);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(Partition, TableKey.Escape(code), cancellationToken: cancellationToken);
        return row.HasValue ? row.Value!.GetString(Account) : null;
    }

    // 48 bits, short enough to type; who meets another's by chance shares it, and the first one keeps the row.
    private static string CodeOf(string accountId) => Digest.Of("referral", accountId)[..CodeLength].ToUpperInvariant();

    private static string Canonical(string typed) => typed.Trim().ToUpperInvariant();
}
