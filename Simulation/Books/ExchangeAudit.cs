using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Books;

/// <summary>What senders were told, against the rows and against the vendors' books.</summary>
internal sealed class ExchangeAudit(World world, AccountsRead accounts)
{
    public void Check()
    {
        foreach (var exchange in world.Exchanges.Where(exchange => exchange.IsBillable))
        {
            Check(exchange);
        }

        // Retries get past whoever comes first now and then; only a storm of conflicts may turn a request away.
        foreach (var busy in world.Exchanges.Where(exchange => world.Plan.ConflictShare == 0 && exchange.Reply?.Code == RefusalCodes.AccountBusy))
        {
            world.Violate($"Turned away as busy without a storm: {busy}.");
        }

        // Whoever is forgotten takes their keys along.
        foreach (var key in world.Exchanges.Where(exchange => exchange is { Key: not null, IsBillable: true, User: not Leaver.Name }).GroupBy(exchange => (exchange.User, exchange.Path, exchange.Key)))
        {
            // A calendar that jumps may take a request past the life of its key, and then it is a new one.
            var begun = key.Min(exchange => exchange.SentAt);
            CheckKey([.. key.Where(exchange => exchange.EndedAt - begun < Exchange.KeyLife)]);
        }
    }

    private void Check(Exchange exchange)
    {
        var holds = accounts.HoldsOf(exchange);
        var settled = holds.Where(hold => hold.Status == HoldStatus.Settled).ToList();
        switch (exchange.Reply)
        {
            case { Succeeded: true, IsReplay: false } reply when exchange.IsBatch:
                CheckBatch(exchange, reply);
                break;
            case { Succeeded: true, IsReplay: false, IsCached: false } reply:
                CheckServed(exchange, holds, reply.OperationId, reply.Charged, reply.IsPending);
                break;
            case { Succeeded: true } when settled.Count > 0:
                world.Violate($"A free answer was charged: {exchange}.");
                break;
            // What a job is told at one moment, a success that comes after its lease can take back; the answers of requests cannot be.
            // Whoever is forgotten or leaves a team is told nothing more.
            case { IsFollowed: true, Status: 404 } when exchange.User != Leaver.Name && !Team.Has(exchange.User):
                world.Violate($"A job is not known where it was begun: {exchange}.");
                break;
            // A run that another took the turn of has nothing to say; what it was charged for, that one answers.
            case { Code: RefusalCodes.IdempotencyInFlight } when exchange.IsBatch:
                break;
            case { Succeeded: false, IsJob: false, IsFollowed: false, Text.Length: > 0 } when settled.Exists(hold => !hold.Superseded):
                world.Violate($"A refusal was charged: {exchange}.");
                break;
        }

        CheckStream(exchange);

        // What the vendors will send a bill for is in the books, whatever became of the request.
        var bills = world.Vendors.Calls.Where(call => call.Exchange == exchange).Select(call => call.BilledNanoUsd).DefaultIfEmpty().ToList();
        // A machine that died took with it how many models it had asked: its hold lapses with the worst case of one.
        var billed = holds.Any(hold => hold.Status == HoldStatus.Expired) ? bills.Max() : bills.Sum();
        var recorded = holds.Sum(hold => hold.CostNanoUsd);
        if (billed > recorded)
        {
            world.Violate($"The vendors bill {billed}, the books say {recorded} nano-USD: {exchange}.");
        }

        // Where nobody was asked, nothing can have cost anything; unless the machine that knew that died.
        var knows = exchange.Reply is not null && world.Alive.Any(instance => instance.Machine.Number == exchange.Machine);
        if (knows && recorded > 0 && !world.Vendors.Calls.Exists(call => call.Exchange == exchange))
        {
            world.Violate($"Nobody was asked, and the books say {recorded} nano-USD: {exchange}.");
        }
    }

    /// <summary>Each item is an answer with a receipt of its own; of a batch that carries on after a crash it may be an earlier run's.</summary>
    private void CheckBatch(Exchange exchange, Reply reply)
    {
        var holds = accounts.Holds;
        foreach (var item in reply.Body.GetProperty("results").EnumerateArray().Where(item => item.TryGetProperty("result", out _)))
        {
            var result = item.GetProperty("result");
            var receipt = result.GetProperty("receipt");
            if (!result.GetProperty("cached").GetBoolean())
            {
                var isPending = receipt.GetProperty("settlement").GetString() == "pending";
                CheckServed(exchange, holds, receipt.GetProperty("operationId").GetString()!, receipt.GetProperty("creditsCharged").GetDecimal(), isPending);
            }
        }
    }

    private void CheckServed(Exchange exchange, IReadOnlyCollection<HoldRecord> holds, string operationId, decimal credits, bool isPending)
    {
        var hold = holds.SingleOrDefault(hold => hold.Hold.OperationId == operationId);
        var charged = Money.FromCredits(credits);
        if (hold is null)
        {
            world.Violate($"An answer was given without a hold: {exchange}.");
        }
        else if (hold.Status == HoldStatus.Settled)
        {
            if (hold.ChargedMicro != charged && !(isPending && hold.ChargedMicro + hold.AbsorbedMicro == charged))
            {
                world.Violate($"The receipt says {charged}, the books {hold.ChargedMicro}: {exchange}.");
            }
        }
        else if (!isPending || exchange.IsChargePromised || hold.CostNanoUsd == 0)
        {
            // Only a settlement that was announced as pending may be lost, with its machine; and then its cost is on record.
            world.Violate($"An answer was not charged, its hold is {hold.Status}: {exchange}.");
        }
    }

    /// <summary>What came piece by piece is what the end says, and an answer that broke off is nobody else's.</summary>
    private void CheckStream(Exchange exchange)
    {
        if (exchange.Reply is not { Succeeded: true } reply)
        {
            return;
        }

        if (reply.IsStream && reply.Body.TryGetProperty("text", out var whole) && whole.GetString() != reply.Streamed)
        {
            world.Violate($"A stream said '{reply.Streamed}', and at its end '{whole.GetString()}': {exchange}.");
        }

        if (reply.IsCached && reply.IsPartial)
        {
            world.Violate($"An answer that broke off was given again: {exchange}.");
        }
    }

    private void CheckKey(IReadOnlyList<Exchange> exchanges)
    {
        // An answer that went out before its charge was written says so; repeated later it says what the charge came to.
        var answers = exchanges.Where(exchange => exchange.Reply is { Succeeded: true, IsFollowed: false, IsPending: false }).SelectMany(exchange => exchange.Reply!.Essences).Distinct().ToList();
        foreach (var place in answers.GroupBy(answer => answer.Place).Where(place => place.Count() > 1))
        {
            world.Violate($"One key has {place.Count()} answers: {string.Join(" | ", exchanges)} {string.Join(" | ", place)}");
        }

        // Each item of a batch has a key of its own.
        var charged = exchanges.SelectMany(exchange => accounts.HoldsOf(exchange)).DistinctBy(hold => hold.Hold.OperationId)
            .Where(hold => hold.ChargedMicro > 0 || (hold.Status == HoldStatus.Settled && hold.Hold.FreeImages > 0))
            .Where(hold => hold.Hold.Claim is not null)
            .CountBy(hold => hold.Hold.Claim!.KeyHash, StringComparer.Ordinal);
        foreach (var (_, times) in charged.Where(key => key.Value > 1))
        {
            world.Violate($"One key was charged {times} times: {string.Join(" | ", exchanges)}");
        }
    }
}
