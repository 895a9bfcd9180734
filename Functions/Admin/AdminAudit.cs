using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using ServerlessAi.Access;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;

namespace ServerlessAi.Functions.Admin;

/// <summary>An account in which something does not agree.</summary>
public sealed record Discrepancy(string Account, ImmutableArray<string> Problems);

/// <summary>The books of one account or of all. Amounts in credits; granted + purchased − charged − deducted − expired = balance.</summary>
public sealed record AuditOutput
{
    /// <summary>Discrepancies listed at most; their number is always right.</summary>
    public const int ListLimit = 1_000;

    public bool Conserved => DiscrepancyCount == 0 && Granted + Purchased - Charged - Deducted - Expired == Balance;

    public int Accounts { get; init; }

    public long Entries { get; init; }

    public decimal Granted { get; init; }

    public decimal Purchased { get; init; }

    public decimal Charged { get; init; }

    public decimal Deducted { get; init; }

    public decimal Expired { get; init; }

    public decimal Balance { get; init; }

    public decimal Held { get; init; }

    public decimal Absorbed { get; init; }

    public decimal CostUsd { get; init; }

    /// <summary>The part of <see cref="CostUsd"/> that is only assumed: calls whose outcome nobody knows.</summary>
    public decimal UncertainCostUsd { get; init; }

    public int OpenHolds { get; init; }

    public int DiscrepancyCount { get; init; }

    public ImmutableArray<Discrepancy> Discrepancies { get; init; } = [];

    public AuditOutput With(AccountProof proof) => this with
    {
        Accounts = Accounts + 1,
        Entries = Entries + proof.Entries,
        Granted = Granted + Money.ToCredits(proof.GrantedMicro),
        Purchased = Purchased + Money.ToCredits(proof.PurchasedMicro),
        Charged = Charged + Money.ToCredits(proof.ChargedMicro),
        Deducted = Deducted + Money.ToCredits(proof.DeductedMicro),
        Expired = Expired + Money.ToCredits(proof.ExpiredMicro),
        Balance = Balance + Money.ToCredits(proof.BalanceMicro),
        Held = Held + Money.ToCredits(proof.HeldMicro),
        Absorbed = Absorbed + Money.ToCredits(proof.AbsorbedMicro),
        CostUsd = CostUsd + Money.ToUsd(proof.CostNanoUsd),
        UncertainCostUsd = UncertainCostUsd + Money.ToUsd(proof.UncertainCostNanoUsd),
        OpenHolds = OpenHolds + proof.OpenHolds,
        DiscrepancyCount = DiscrepancyCount + (proof.Problems.IsEmpty ? 0 : 1),
        Discrepancies = proof.Problems.IsEmpty || Discrepancies.Length == ListLimit ? Discrepancies : Discrepancies.Add(new Discrepancy(proof.AccountId, proof.Problems)),
    };
}

/// <summary>Replays every ledger and compares it with balances, holds and roll-ups.</summary>
public sealed class AdminAudit(Auditor auditor)
{
    [Function("admin-audit")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/audit")] HttpRequest http, CancellationToken cancellationToken)
    {
        var account = http.Query["account"].ToString() is { Length: > 0 } named ? named : null;
        if (account is not null && Caller.Problem(account) is { } problem)
        {
            return Problems.From(problem, http.HttpContext);
        }

        var output = new AuditOutput();
        await foreach (var proof in auditor.ProveAsync(account, cancellationToken))
        {
            output = output.With(proof);
        }

        return Answers.Json(output);
    }
}
