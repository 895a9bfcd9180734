using Microsoft.Extensions.Logging;
using ServerlessAi.Payments.Orders;
using ServerlessAi.Primitives;

namespace ServerlessAi.Payments;

/// <summary>What an event came to.</summary>
/// <param name="Problem">Why it was refused for good; null when it counted.</param>
public sealed record EventOutcome(Order? Order, string? Problem);

/// <summary>Takes what gateways say: checks it against the order as it was made, adds it to the order's facts, and settles the order.</summary>
public sealed partial class PaymentEvents(OrderStore orders, Fulfilment fulfilment, Agenda agenda, TimeProvider time, ILogger<PaymentEvents> logger)
{
    /// <returns>A refusal when it has to come again.</returns>
    public async Task<Answer<EventOutcome>> HandleAsync(PaymentEvent happened, CancellationToken cancellationToken)
    {
        if (await orders.FindAsync(happened.AccountId, happened.OrderId, cancellationToken) is not { } order)
        {
            LogRefused(logger, happened.Id, happened.Kind, "there is no such order");
            return new EventOutcome(Order: null, "there is no such order");
        }

        if (OrderFacts.Problem(order, happened) is { } problem)
        {
            LogRefused(logger, happened.Id, happened.Kind, problem);
            var noted = await orders.ChangeAsync(order.AccountId, order.Id, now => now.Noted($"refused {happened.Kind}: {problem}"), cancellationToken);
            return new EventOutcome(noted, problem);
        }

        if (ReferenceEquals(OrderFacts.Apply(order, happened, time.GetUtcNow()), order) && Fulfilment.IsSettled(order))
        {
            return new EventOutcome(order, Problem: null);
        }

        // Written before the fact, so that a crash after any line leaves something for the timer to find.
        var item = await agenda.AddAsync(TaskKind.Order, order.AccountId, order.Id, dueAt: null, cancellationToken);
        order = await orders.ChangeAsync(order.AccountId, order.Id, now => OrderFacts.Apply(now, happened, time.GetUtcNow()), cancellationToken);
        var settled = await fulfilment.SettleAsync(order, cancellationToken);
        if (!settled.Succeeded)
        {
            return settled.Refusal;
        }

        await agenda.DoneAsync(item, cancellationToken);
        return new EventOutcome(settled.Value, Problem: null);
    }

    [LoggerMessage(LogLevel.Warning, "The payment event {EventId} ({Kind}) was refused: {Problem}.")]
    private static partial void LogRefused(ILogger logger, string eventId, PaymentEventKind kind, string problem);
}
