using System.Text.Json;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Storage;

namespace ServerlessAi.Simulation.Books;

/// <summary>
/// After a run: the app's rows against themselves, against what the senders were told, and against the vendors' own books. Three witnesses, of which
/// only one is the app.
/// </summary>
internal sealed class FinalAudit(World world, IReadOnlyList<string> users)
{
    private readonly Dictionary<string, AccountRowsRead> accounts = new(StringComparer.Ordinal);

    public async Task CheckAsync()
    {
        foreach (var user in users)
        {
            var rows = await world.Books.ReadAsync(user);
            accounts[user] = rows;
            world.Coverage.Add(rows);
            await CheckAccountAsync(user, rows);
        }

        foreach (var exchange in world.Exchanges.Where(exchange => exchange.IsBillable))
        {
            CheckExchange(exchange);
        }

        // Retries get past whoever comes first now and then; only a storm of conflicts may turn a request away.
        foreach (var busy in world.Exchanges.Where(exchange => world.Plan.ConflictShare == 0 && exchange.Reply?.Code == RefusalCodes.AccountBusy))
        {
            world.Violate($"Turned away as busy without a storm: {busy}.");
        }

        foreach (var key in world.Exchanges.Where(exchange => exchange is { Key: not null, IsOfShop: false }).GroupBy(exchange => (exchange.User, exchange.Path, exchange.Key)))
        {
            // A calendar that jumps may take a request past the life of its key, and then it is a new one.
            var begun = key.Min(exchange => exchange.SentAt);
            CheckKey([.. key.Where(exchange => exchange.EndedAt - begun < Exchange.KeyLife)]);
        }

        CheckCredits();
        new PlanAudit(world, accounts).Check();
        await new ShopAudit(world, accounts).CheckAsync();
        await CheckSpendAsync();
    }

    private async Task CheckAccountAsync(string user, AccountRowsRead rows)
    {
        foreach (var problem in (await world.Books.ProveAsync(user)).Problems)
        {
            world.Violate($"{user}: {problem}");
        }

        foreach (var open in rows.Holds.Where(hold => hold.Status == HoldStatus.Open))
        {
            world.Violate($"{user}: hold {open.Hold.OperationId} is open at {world.Time.GetUtcNow():O}, it was to lapse at {open.Hold.ExpiresAt:O}.");
        }

        if (SystemAccounts.Has(user) && rows.Entries.Count > 0)
        {
            world.Violate($"{user}: the app's own work moved credits, {rows.Entries[0]}.");
        }

        CheckGallery(user, rows);
        foreach (var day in rows.Days)
        {
            // A success that comes after its hold lapsed counts, even if its free image was given to somebody else meanwhile; and when its own day is so long ago that
            // the account no longer keeps it, in the oldest that it keeps.
            var late = rows.Holds.Count(hold => hold.Late && hold.Hold.FreeImages > 0 && string.CompareOrdinal(hold.Hold.Day, day.Day) <= 0);
            if (day.FreeImagesUsed <= world.Plan.FreeImagesPerDay + late)
            {
                continue;
            }

            var holds = rows.Holds.Where(hold => hold.Hold.FreeImages > 0 && hold.Hold.Day == day.Day).Select(hold => $"{hold.Hold.OperationId} {hold.Status} {hold.EndedAt:O}{(hold.Late ? " late" : "")}{(hold.Superseded ? " superseded" : "")}");
            world.Violate($"{user}: {day.FreeImagesUsed} free images on {day.Day}: {string.Join(", ", holds)}.");
        }

        foreach (var entry in rows.Entries.Where(entry => entry.BalanceMicro < 0))
        {
            world.Violate($"{user}: entry {entry.Sequence} leaves {entry.BalanceMicro}.");
        }
    }

    /// <summary>What was paid for is in the gallery, once, and nothing else is but what the cache gave.</summary>
    private void CheckGallery(string user, AccountRowsRead rows)
    {
        var shown = rows.Images.Select(image => image.Image.Id).ToList();
        if (shown.Distinct(StringComparer.Ordinal).Count() != shown.Count)
        {
            world.Violate($"{user}: an image is in the gallery twice.");
        }

        foreach (var hold in rows.Holds.Where(hold => hold.Hold.Kind == WorkKind.Image && hold.Status == HoldStatus.Settled))
        {
            // One whose request was repeated meanwhile may have come from the cache, where it was before anybody knew that.
            var isOwed = !hold.Superseded || rows.JoinedImages.Contains(hold.Hold.OperationId);
            if (shown.Contains(hold.Hold.OperationId, StringComparer.Ordinal) != isOwed)
            {
                world.Violate($"{user}: image {hold.Hold.OperationId} is {(hold.Superseded ? "superseded and " : "paid for and not ")}in the gallery.");
            }
        }
    }

    private void CheckExchange(Exchange exchange)
    {
        var holds = HoldsOf(exchange);
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
            case { IsFollowed: true, Status: 404 }:
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
        var holds = accounts[exchange.User].Holds;
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

    private void CheckServed(Exchange exchange, IReadOnlyList<HoldRecord> holds, string operationId, decimal credits, bool isPending)
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
        var charged = exchanges.SelectMany(HoldsOf).DistinctBy(hold => hold.Hold.OperationId)
            .Where(hold => hold.ChargedMicro > 0 || (hold.Status == HoldStatus.Settled && hold.Hold.FreeImages > 0))
            .CountBy(hold => hold.Hold.Claim!.KeyHash, StringComparer.Ordinal);
        foreach (var (_, times) in charged.Where(key => key.Value > 1))
        {
            world.Violate($"One key was charged {times} times: {string.Join(" | ", exchanges)}");
        }
    }

    /// <summary>An acknowledged change of credits is in the ledger once, one without an answer at most once, a refused one not at all.</summary>
    private void CheckCredits()
    {
        foreach (var change in world.Exchanges.Where(exchange => exchange.Credits != 0).GroupBy(exchange => (exchange.Path, Reason: ReasonOf(exchange))))
        {
            var user = change.Key.Path.Split('/')[3];
            var entries = accounts[user].Entries.Count(entry => entry.Reason == change.Key.Reason);
            var acknowledged = change.Any(exchange => exchange.Reply is { Succeeded: true });
            var isOpen = change.Any(exchange => exchange.Reply is null or { Status: >= 500 });
            if (entries > 1 || (acknowledged && entries == 0) || (!acknowledged && !isOpen && entries > 0))
            {
                world.Violate($"{change.Key.Reason} of {user} is {entries} times in the ledger: {string.Join(" | ", change)}");
            }
        }
    }

    private async Task CheckSpendAsync()
    {
        // The month before is reconciled only for a while after its end.
        var month = Periods.MonthOf(world.Time.GetUtcNow());
        var recorded = accounts.Values.SelectMany(rows => rows.Months).Where(use => use.Month == month).Sum(use => use.CostNanoUsd);
        var spent = await world.Books.HasTableAsync(TableNames.Spend) ? await world.Books.SpentNanoUsdAsync(month) : 0;
        if (spent != recorded)
        {
            world.Violate($"The platform's spend of {month} is {spent}, the accounts' {recorded} nano-USD.");
        }
    }

    private List<HoldRecord> HoldsOf(Exchange exchange) =>
        accounts.TryGetValue(exchange.User, out var rows) ? [.. rows.Holds.Where(hold => exchange.OperationIds.Contains(hold.Hold.OperationId))] : [];

    private static string ReasonOf(Exchange exchange) => JsonDocument.Parse(exchange.Body!).RootElement.GetProperty("reason").GetString()!;
}
