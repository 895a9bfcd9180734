using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using ServerlessAi.Access;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Functions.Http;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Functions.Admin;

/// <summary>Replays every ledger, compares it with balances, holds and roll-ups, and those with the platform's spend; answers while it reads.</summary>
public sealed partial class AdminAudit(Auditor auditor, ILogger<AdminAudit> logger)
{
    [Function("admin-audit")]
    [Allow(Role.Admin)]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "manage/audit")] HttpRequest http, CancellationToken cancellationToken)
    {
        var account = http.Query["account"].ToString() is { Length: > 0 } named ? named : null;
        if (account is not null && Caller.ShapeProblem(account) is { } problem)
        {
            return Problems.From(problem, http.HttpContext);
        }

        await using var answer = new AuditAnswer(http.HttpContext.Response, account);
        try
        {
            await foreach (var proof in auditor.ProveAsync(account, cancellationToken))
            {
                if (!await answer.AddAsync(proof, cancellationToken))
                {
                    return new EmptyResult();
                }
            }

            await answer.EndAsync(auditor, cancellationToken);
        }
        catch (Exception exception) when (answer.IsHalfSent && StorageFaults.IsAny(exception) && !cancellationToken.IsCancellationRequested)
        {
            // Half of it is with the caller: too late for a problem document, not for saying so.
            LogBrokenOff(logger, exception);
            await answer.BreakOffAsync(StorageFaults.IsUnavailable(exception) ? RefusalCodes.StorageUnavailable : RefusalCodes.Internal, cancellationToken);
        }

        return new EmptyResult();
    }

    [LoggerMessage(LogLevel.Error, "Storage did not let the audit go on.")]
    private static partial void LogBrokenOff(ILogger logger, Exception exception);
}
