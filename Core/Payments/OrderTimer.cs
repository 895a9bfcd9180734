using System.Runtime.ExceptionServices;
using ServerlessAi.Payments.Codes;
using ServerlessAi.Payments.Giving;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <summary>Every minute: finishes what broke off, asks after what was not heard of, and tops up.</summary>
public sealed class OrderTimer(
    Agenda agenda, Rounds rounds, OrderStore orders, Fulfilment fulfilment, Charges charges, PaymentEvents events, Redemptions redemptions, OrderCodes orderCodes, UnfinishedGifts gifts, TopUps topUps, ConfiguredGateway configured,
    TimeProvider time)
{
    // A bank can take days to say whether a payment is one; a page that nobody opened has long expired by then.
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromHours(6);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(15);

    /// <exception cref="Exception">The first that came up, after all of it was tried: the platform should show that something is wrong.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Func<Task>[] walks =
        [
            () => EachAsync(TaskKind.Order, item => LookAfterOrderAsync(item, cancellationToken), cancellationToken),
            () => EachAsync(TaskKind.Code, item => redemptions.FinishAsync(item, cancellationToken), cancellationToken),
            () => EachAsync(TaskKind.CodeUse, item => orderCodes.FinishAsync(item, cancellationToken), cancellationToken),
            () => EachAsync(TaskKind.Transfer, item => gifts.FinishAsync(item, cancellationToken), cancellationToken),
            () => topUps.RunAsync(cancellationToken),
        ];
        ExceptionDispatchInfo? first = null;
        foreach (var walk in walks)
        {
            try
            {
                await walk();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever is wrong with one kind, the others must not wait until it is mended.
                first ??= ExceptionDispatchInfo.Capture(exception);
            }
        }

        first?.Throw();
    }

    /// <param name="lookAfter">
    /// Says whether nothing will ever be left to do; null when there is nothing now, and whoever has written the item may be about to write what there is.
    /// </param>
    private Task EachAsync(TaskKind kind, Func<AgendaItem, Task<bool?>> lookAfter, CancellationToken cancellationToken) => rounds.EachAsync(
        kind,
        async item => await (await lookAfter(item) switch
        {
            true => agenda.DoneAsync(item, cancellationToken),
            null => agenda.DropAsync(item, cancellationToken),
            false => agenda.PutBehindAsync(item, cancellationToken),
        }),
        cancellationToken);

    private async Task<bool?> LookAfterOrderAsync(AgendaItem item, CancellationToken cancellationToken)
    {
        if (await orders.FindAsync(item.AccountId, item.Id, cancellationToken) is not { } order)
        {
            return null;
        }

        if (!order.Untold.IsEmpty && await fulfilment.SettleAsync(order, cancellationToken) is { } told)
        {
            if (!told.Succeeded)
            {
                return false;
            }

            order = told.Value;
        }

        if (order.PaidAt is not null || order.ExpiredAt is not null)
        {
            return (await fulfilment.SettleAsync(order, cancellationToken)).Succeeded ? null : false;
        }

        if (!order.IsOffSession && order.FailedAt is not null && !(await fulfilment.SettleAsync(order, cancellationToken)).Succeeded)
        {
            return false;
        }

        if (order.IsOffSession)
        {
            return (await charges.ChargeAsync(order, cancellationToken)).Status is OrderStatus.Created or OrderStatus.Paid ? false : null;
        }

        return order.CheckAt > time.GetUtcNow() ? null : await AskAfterAsync(order, cancellationToken);
    }

    /// <summary>Asks the gateway what became of a payment that no event has told of.</summary>
    private async Task<bool> AskAfterAsync(Order order, CancellationToken cancellationToken)
    {
        var isReached = string.Equals(configured.Gateway?.Name, order.Gateway, StringComparison.Ordinal);
        if (order.SessionId is not null && !isReached && order.CreatedAt + GiveUpAfter > time.GetUtcNow())
        {
            // It may have been paid: only that gateway knows, and its settings may come back.
            await agenda.AddAsync(TaskKind.Order, order.AccountId, order.Id, time.GetUtcNow() + AskAgainAfter, cancellationToken);
            return true;
        }

        var known = order.SessionId is not null && isReached
            ? await configured.Gateway!.LookUpAsync(order, cancellationToken)
            : new PaymentEvent("never begun", PaymentEventKind.Expired, order.Gateway, order.AccountId, order.Id) { IsLive = order.IsLive };
        if (known.Refusal is not null)
        {
            return false;
        }

        if (known.Value is { } happened)
        {
            return (await events.HandleAsync(happened, cancellationToken)).Succeeded;
        }

        if (order.CreatedAt + GiveUpAfter > time.GetUtcNow())
        {
            await agenda.AddAsync(TaskKind.Order, order.AccountId, order.Id, time.GetUtcNow() + AskAgainAfter, cancellationToken);
        }

        return true;
    }
}
