using System.Globalization;
using ServerlessAi.Accounts;
using ServerlessAi.Payments.Catalog;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Payments.Saved;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <param name="MonthlyLimit">In the installation's currency.</param>
public sealed record TopUpInput(bool? Enabled, decimal? ThresholdCredits, string? PackageId, decimal? MonthlyLimit);

/// <summary>
/// Buys a package when a balance has fallen below its owner's threshold. Which top-up is under way stands in the payer's row, changed under its tag before
/// anything is bought: there is one for each crossing, whatever number of timers look, and never more than the month's limit.
/// </summary>
public sealed class TopUps(
    Payers payers, Packages packages, Agenda agenda, Rounds rounds, AccountStore accounts, OrderStore orders, Charges charges, IIdSource ids, TimeProvider time)
{
    private const string ItemId = "topup";
    private const decimal LimitOfLimits = 100_000m;

    public async Task<AutoTopUp> ReadAsync(string accountId, CancellationToken cancellationToken) =>
        (await payers.ReadAsync(accountId, cancellationToken)).TopUp ?? new AutoTopUp(Enabled: false, ThresholdCredits: 0, PackageId: "", MonthlyLimitCents: 0);

    /// <summary>Switches it on or off. On needs a saved payment method: any purchase after it was asked for once saves one.</summary>
    public async Task<Answer<AutoTopUp>> SetAsync(string accountId, TopUpInput input, CancellationToken cancellationToken)
    {
        if (input.Enabled is not { } enabled)
        {
            return Refusal.Invalid("'enabled' is required.");
        }

        if (!enabled)
        {
            var off = await payers.ChangeAsync(accountId, payer => payer.IsTopUpOn ? payer with { TopUp = payer.TopUp!.Off(reason: null) } : payer, cancellationToken);
            return off!.TopUp ?? await ReadAsync(accountId, cancellationToken);
        }

        if (input is not { ThresholdCredits: > 0, MonthlyLimit: > 0 and <= LimitOfLimits, PackageId.Length: > 0 } || decimal.Round(input.MonthlyLimit.Value, 2) != input.MonthlyLimit)
        {
            return Refusal.Invalid("'thresholdCredits', 'packageId' and 'monthlyLimitUsd' (in whole cents) are required.");
        }

        if (await packages.ReadAsync(input.PackageId, cancellationToken) is not { Offered: true } package || package.Credits <= input.ThresholdCredits)
        {
            return Refusal.Invalid("'packageId' must name a package on offer with more credits than the threshold.");
        }

        // Written down first, without a method switched off: then the next purchase saves one.
        var setting = new AutoTopUp(Enabled: true, input.ThresholdCredits.Value, package.Id, (long)(input.MonthlyLimit.Value * 100));
        await agenda.AddAsync(TaskKind.TopUp, accountId, ItemId, dueAt: null, cancellationToken);
        var payer = await payers.ChangeAsync(accountId, payer => payer with { TopUp = payer.CustomerId is null ? setting.Off(TopUpOff.NoMethod) : setting }, cancellationToken);
        return payer!.CustomerId is null
            ? new Refusal(RefusalCodes.Conflict, "There is no saved payment method. Buy a package once: it is saved then, and this can be switched on.")
            : payer.TopUp!;
    }

    /// <summary>Runs every minute over the accounts that have it on.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => rounds.EachAsync(TaskKind.TopUp, item => LookAtAsync(item, cancellationToken), cancellationToken);

    private async Task LookAtAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        var payer = await payers.ReadAsync(item.AccountId, cancellationToken);
        if (payer is { IsTopUpOn: false, OpenTopUp: null })
        {
            await agenda.DropAsync(item, cancellationToken);
            return;
        }

        payer = payer.OpenTopUp is null ? await BeginAsync(payer, cancellationToken) : payer;
        if (payer is not { OpenTopUp: { } id, OpenTopUpOf: { } package })
        {
            return;
        }

        var order = await orders.FindAsync(payer.AccountId, id, cancellationToken) ?? await charges.BeginAsync(ToOrder(payer.AccountId, id, package), cancellationToken);
        order = await charges.SettleAsync(order, cancellationToken);
        if (order.Status is OrderStatus.Failed or OrderStatus.Expired)
        {
            // Who has switched it off has said why; a card that was declined says it for them.
            await payers.ChangeAsync(payer.AccountId, known => string.Equals(known.OpenTopUp, id, StringComparison.Ordinal)
                ? known with
                {
                    OpenTopUp = null,
                    OpenTopUpOf = null,
                    TopUp = order.FailedAt is null ? known.TopUp : known.TopUp!.Off(TopUpOff.Declined),
                    TopUpCents = Math.Max(0, known.TopUpCents - order.Price.AmountCents),
                }
                : known, cancellationToken);
        }
    }

    /// <summary>Names the next top-up if one is due, and counts it to the month.</summary>
    private async Task<Payer> BeginAsync(Payer payer, CancellationToken cancellationToken)
    {
        var state = await accounts.ReadAsync(payer.AccountId);
        var now = time.GetUtcNow();
        // What this machine's clock takes for credits of a moment to come counts: they may be those of the last top-up.
        var available = state.Grants.Where(grant => !grant.IsExpired(now)).Sum(grant => grant.RemainingMicro);
        if (available >= Money.FromCredits(payer.TopUp!.ThresholdCredits)
            || await packages.ReadAsync(payer.TopUp.PackageId, cancellationToken) is not { Offered: true } package
            // Changed since: it would never be enough, and bought again each minute.
            || package.Credits <= payer.TopUp.ThresholdCredits)
        {
            return payer;
        }

        var (cents, month) = (package.PriceOf(quantity: 1, code: null, charges.Currency).AmountCents, now.UtcDateTime.ToString("yyyyMM", CultureInfo.InvariantCulture));
        // Not by its number: whoever was forgotten and comes back begins to count anew, and their old orders stay.
        var (seen, id) = (payer, "topup-" + ids.NewOperationId());
        return await payers.ChangeAsync(payer.AccountId, known =>
            known.TopUps != seen.TopUps || !known.IsTopUpOn || known.OpenTopUp is not null || known.SpentCents(month) + cents > known.TopUp!.MonthlyLimitCents
                ? known
                : known with
                {
                    OpenTopUp = id,
                    OpenTopUpOf = package,
                    TopUps = known.TopUps + 1,
                    TopUpMonth = month,
                    TopUpCents = known.SpentCents(month) + cents,
                }, cancellationToken) ?? payer;
    }

    private Order ToOrder(string accountId, string id, Package package) => new(id, accountId, OrderKind.TopUp, $"{package.Name}, {package.Credits:0.######} credits", package.PriceOf(quantity: 1, code: null, charges.Currency))
    {
        Gateway = "",
        PackageId = package.Id,
        CreditsMicro = Money.FromCredits(package.Credits),
    };
}
