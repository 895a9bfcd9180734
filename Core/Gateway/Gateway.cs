using Microsoft.Extensions.Options;
using ServerlessAi.Access;
using ServerlessAi.Accounts;
using ServerlessAi.Caching;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Providers;

namespace ServerlessAi;

/// <summary>
/// The way of a billable request, top to bottom:
/// <list type="number">
/// <item>Throttle: a cheap guard per caller in this process.</item>
/// <item>Replay: an idempotency key that was answered before gets the same answer again.</item>
/// <item>Cache: an answer that is known is free, even with an empty balance; identical requests under way share one call.</item>
/// <item>Quote: model, price version, worst case, and the cheaper tier to fall back to.</item>
/// <item>Reserve: one conditional transaction checks every limit and takes the hold.</item>
/// <item>Call: the provider chain, bounded in models and time, through each provider's queue and circuit breakers. A stream goes to the client from here, as it comes.</item>
/// <item>Settle: one conditional transaction charges, gives back the rest, and writes ledger, usage and roll-ups.</item>
/// <item>Answer, with a receipt.</item>
/// </list>
/// From step 5 on nothing depends on the client still being there.
/// </summary>
public sealed class Gateway(
    Throttle throttle, AnswerCache cache, Flights flights, CatalogStore catalogs, AccountStore accounts, PlanStore plans, PlatformSpend spend,
    ProviderChain chain, Keeping keeping, Gallery gallery, Settlements settlements, Replays replays, UsageLog usageLog, IIdSource ids, TimeProvider time, IOptions<AccountOptions> credits)
{
    // When no provider said how long its rush will last.
    private static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(2);

    /// <summary>Serves one request.</summary>
    /// <param name="cancellationToken">The client's; it counts until credits are reserved.</param>
    public async Task<Answer<Served>> ServeAsync<TRequest, TProduct>(Work<TRequest, TProduct> work, TRequest request, CancellationToken cancellationToken)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        if (work.Problem(request) is { } problem)
        {
            return problem;
        }

        if (throttle.Refuse(request.Caller.AccountId) is { } tooFast)
        {
            return tooFast;
        }

        if (request.Claim is { } claim && await replays.FindAsync(request.Caller.AccountId, claim, cancellationToken) is { } replay)
        {
            return replay;
        }

        var catalog = await catalogs.GetAsync(cancellationToken);
        if (!request.Cache.Use)
        {
            return await ProduceAsync(work, request, catalog, cacheKey: null, cancellationToken);
        }

        var cacheKey = work.CacheKey(request, catalog);
        if (request.Cache.Renewed is not null)
        {
            return await ProduceAsync(work, request, catalog, cacheKey, cancellationToken);
        }

        if (request.Claim is not null)
        {
            // Not as a passenger of another request: whoever repeats the key must meet it, not its fellow traveller's answer.
            return await cache.FindAsync(cacheKey, cancellationToken) is { } cached
                ? await HitAsync(work, request, cached)
                : await ProduceAsync(work, request, catalog, cacheKey, cancellationToken);
        }

        using var flight = flights.Join(cacheKey);
        if (await FindAsync(flight, cacheKey, cancellationToken) is { } known)
        {
            flight.Land(known);
            return await HitAsync(work, request, known);
        }

        var served = await ProduceAsync(work, request, catalog, cacheKey, cancellationToken);
        if (flight.IsLeader && served.Succeeded && !served.Value.Answer.Usage.IsPartial)
        {
            flight.Land(served.Value.Answer);
        }

        return served;
    }

    private async Task<CachedAnswer?> FindAsync(Flights.Flight flight, string cacheKey, CancellationToken cancellationToken) => flight.IsLeader
        ? await cache.FindAsync(cacheKey, cancellationToken)
        : await flight.Landing.WaitAsync(cancellationToken);

    private async Task<Answer<Served>> HitAsync<TRequest, TProduct>(Work<TRequest, TProduct> work, TRequest request, CachedAnswer found)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        // Whoever asked first has named it for their own reports, not for these.
        var known = found with { Usage = work.Label(request, found.Usage) };
        var (operationId, now) = (ids.NewOperationId(), time.GetUtcNow());
        var receipt = Receipt.OfHit(operationId, known.Usage);
        if (request.Claim is { } claim)
        {
            if (await keeping.KeepAsync(known, operationId) is not { } kept)
            {
                return Refusal.StorageUnavailable();
            }

            switch (await accounts.ExecuteAsync(request.Caller.AccountId, new Remember(operationId, claim, Replays.ToPayload(kept, receipt, now))))
            {
                case Claimed claimed when !string.Equals(claimed.Record.OperationId, operationId, StringComparison.Ordinal):
                    return Replays.Refuse(claimed.Record, claim);
                case Refused refused:
                    return refused.Refusal;
            }
        }

        if (work.ForGallery(request, known, () => Replays.ToPayload(known, receipt, now)) is { } image)
        {
            await gallery.JoinAsync(request.Caller.AccountId, image);
        }

        usageLog.Add(request.Caller.AccountId, new UsageRecord(operationId, UsageEvents.CacheHit, work.Kind, now, known.Usage));
        return new Served(known, receipt, now, Account: null);
    }

    private async Task<Answer<Served>> ProduceAsync<TRequest, TProduct>(
        Work<TRequest, TProduct> work, TRequest request, Catalog catalog, string? cacheKey, CancellationToken cancellationToken)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        var quoted = work.Quote(request, catalog, time.GetUtcNow());
        if (!quoted.Succeeded)
        {
            return quoted.Refusal;
        }

        // Before the hold is taken, so that the app does not stop in between.
        using var operation = settlements.Begin();
        var quote = request.OnTheHouse is null ? quoted.Value : quoted.Value.WithoutCharge();
        var reserved = await ReserveAsync(work.Kind, request, quote, cancellationToken);
        if (!reserved.Succeeded)
        {
            return reserved.Refusal;
        }

        request.Started?.Invoke(reserved.Value.OperationId);
        try
        {
            return await FulfilAsync(work, request, catalog, quote, reserved.Value, cacheKey);
        }
        catch (Exception)
        {
            // Nobody expected this, so nobody else ends the hold before its lease does, nor knows what was paid. Of a hold that has settled this is a no-op.
            var worstNanoUsd = reserved.Value.CostNanoUsd;
            await settlements.EndAsync(
                request.Caller.AccountId, new Release(reserved.Value.OperationId, RefusalCodes.Internal, worstNanoUsd) { UncertainCostNanoUsd = worstNanoUsd });
            throw;
        }
    }

    /// <summary>Steps 6 to 8, with the hold taken.</summary>
    private async Task<Answer<Served>> FulfilAsync<TRequest, TProduct>(
        Work<TRequest, TProduct> work, TRequest request, Catalog catalog, Quote quote, Hold hold, string? cacheKey)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        var chosen = quote.Models[hold.OfferIndex];
        // A model may take so long that the lease is over: then others may be at work for the same key, and nobody further is asked without a hold.
        var result = await chain.RunAsync(
            chosen,
            catalog.Where(model => work.CanServe(request, model)),
            request.Caller.AccountId,
            (model, token) => work.CallAsync(request, model, hold, token),
            async () => work.MayAskAnother(request) && await accounts.IsHeldAsync(request.Caller.AccountId, hold));
        if (result.Value is not { } product)
        {
            return await GiveUpAsync(work, request, hold, quote, result);
        }

        var usage = work.Measure(request, product, Outlays.Facts(quote, result));
        var cost = Outlays.Of(quote, hold, result, usage);
        if (await keeping.KeepAsync(work, product, usage, hold) is not { } answer)
        {
            var unkept = new Release(hold.OperationId, RefusalCodes.StorageUnavailable, cost.NanoUsd, usage) { UncertainCostNanoUsd = cost.UncertainNanoUsd };
            await settlements.EndAsync(request.Caller.AccountId, unkept);
            return Refusal.StorageUnavailable();
        }

        var chargeMicro = request.OnTheHouse is null ? Charges.ChargeMicro(quote.Kind, chosen.Price, usage, credits.Value.UsdPerCredit) : 0;
        var settle = new Settle(hold.OperationId, chargeMicro, cost.NanoUsd, usage)
        {
            UncertainCostNanoUsd = cost.UncertainNanoUsd,
            Payload = request.Claim is null ? null : ToPayload(),
            Image = work.ForGallery(request, answer, ToPayload),
        };
        var settling = settlements.EndAsync(request.Caller.AccountId, settle);
        if (cacheKey is not null && !usage.IsPartial)
        {
            await cache.StoreAsync(cacheKey, answer.Unlabelled(), request.Cache.Ttl ?? work.DefaultTtl, CancellationToken.None, request.Cache.Renewed ?? work.ToRenew(request));
        }

        var ended = await settling;
        if (ended is { Record.Superseded: true })
        {
            // Two answers to one key would differ; the repetition that took it over gives the one that counts.
            return Replays.InFlight();
        }

        return new Served(answer, Receipt.Of(hold, usage, result.Attempts, ended?.Record, chargeMicro, cost), answer.CreatedAt, ended?.Account);

        string ToPayload() => Replays.ToPayload(answer, result.Attempts, chargeMicro, cost);
    }

    private async Task<Answer<Hold>> ReserveAsync(WorkKind kind, GatewayRequest request, Quote quote, CancellationToken cancellationToken)
    {
        var accountId = request.Caller.AccountId;
        var budget = await spend.GetStateAsync(cancellationToken);
        var operationId = ids.NewOperationId();
        var refusal = budget == BudgetState.OverHard
            ? new Refusal(RefusalCodes.UsageLimitExceeded, "The platform's budget of this month is used up.")
            : null;
        if (refusal is null)
        {
            var lease = TimeSpan.FromSeconds(credits.Value.HoldSeconds);
            var command = new Reserve(operationId, kind, quote.Offers, request.OnTheHouse ?? await plans.GetBookAsync(cancellationToken), lease, budget == BudgetState.OverSoft) { Claim = request.Claim, Batch = request.Batch, Member = request.Caller.Member };
            switch (await accounts.ExecuteAsync(accountId, command))
            {
                case Claimed claimed:
                    return Replays.Refuse(claimed.Record, request.Claim!);
                case Admitted admitted:
                    return admitted.Hold;
                case Refused refused:
                    refusal = refused.Refusal;
                    if (string.Equals(refusal.Code, RefusalCodes.StorageUnavailable, StringComparison.Ordinal))
                    {
                        // The hold may be there all the same, and would keep the account's only slot until its lease ends.
                        await settlements.EndLaterAsync(accountId, new Release(operationId, RefusalCodes.StorageUnavailable));
                    }

                    break;
                default:
                    // An attempt whose reply was lost did reserve, but so long ago that the hold has lapsed since. Nobody was called: that cost is known.
                    await settlements.EndAsync(accountId, new Release(operationId, RefusalCodes.StorageUnavailable));
                    refusal = Refusal.StorageUnavailable();
                    break;
            }
        }

        if ((request.Batch is null || !refusal.IsMomentary) && !string.Equals(refusal.Code, RefusalCodes.AccountClosed, StringComparison.Ordinal))
        {
            usageLog.Add(accountId, new UsageRecord(operationId, UsageEvents.Refused, kind, time.GetUtcNow(), Facts: null) { Reason = refusal.Code });
        }

        return refusal;
    }

    private async Task<Refusal> GiveUpAsync<TRequest, TProduct>(Work<TRequest, TProduct> work, TRequest request, Hold hold, Quote quote, ChainResult<TProduct> result)
        where TRequest : GatewayRequest
        where TProduct : class
    {
        var failure = result.Failure ?? ProviderFailure.BadAnswer;
        var uncertainNanoUsd = Outlays.UncertainNanoUsd(quote, hold, result);
        var release = new Release(hold.OperationId, failure.ToCode(), uncertainNanoUsd, work.Label(request, Outlays.Facts(quote, result))) { UncertainCostNanoUsd = uncertainNanoUsd };
        await settlements.EndAsync(request.Caller.AccountId, release);
        var refusal = failure switch
        {
            ProviderFailure.InvalidRequest or ProviderFailure.Unsupported => Refusal.Invalid("The provider does not accept this request: " + result.Detail),
            ProviderFailure.ContentRefused => new Refusal(RefusalCodes.ContentRefused, "The provider's safety system refused this content."),
            _ when result.IsCrowded => new Refusal(
                RefusalCodes.ProviderBusy, "All providers of this are too busy at the moment. Nothing was charged; try again.", result.RetryAfter ?? BusyPause),
            _ => new Refusal(RefusalCodes.ProviderFailed, "No provider could answer. Nothing was charged.", result.RetryAfter),
        };
        return refusal.With("attempts", result.Attempts);
    }
}
