using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Accounts.Auditing;
using ServerlessAi.Functions.Http;

namespace ServerlessAi.Functions.Admin;

/// <summary>
/// The audit's JSON, written while accounts are read: every discrepancy goes out as it is found, then the totals. Holds the totals only. Nothing is
/// sent before there is something to say, so that storage that fails at once can still be answered with a problem.
/// </summary>
internal sealed class AuditAnswer(HttpResponse response, string? account) : IAsyncDisposable
{
    /// <summary>After as many accounts without a discrepancy a line end goes out: proxies close connections on which nothing moves.</summary>
    public const int AccountsPerSign = 500;

    private readonly Utf8JsonWriter json = new(response.BodyWriter, new JsonWriterOptions { Encoder = Wire.Json.Encoder });
    private readonly Dictionary<string, long> monthCosts = new(StringComparer.Ordinal);
    private AuditTotals totals = new();
    private bool hasStarted;

    /// <summary>Whether a part of it is with the caller, and its end is not.</summary>
    public bool IsHalfSent { get; private set; }

    /// <returns>False when nobody is there to read on.</returns>
    public async ValueTask<bool> AddAsync(AccountProof proof, CancellationToken cancellationToken)
    {
        totals = totals.With(proof);
        foreach (var (month, costNanoUsd) in proof.Months)
        {
            monthCosts[month] = monthCosts.GetValueOrDefault(month) + costNanoUsd;
        }

        if (!proof.Problems.IsEmpty)
        {
            Start();
            JsonSerializer.Serialize(json, new Discrepancy(proof.AccountId, proof.Problems), Wire.Json);
            return await SendAsync(cancellationToken);
        }

        if (totals.Accounts % AccountsPerSign == 0)
        {
            Start();
            await json.FlushAsync(cancellationToken);
            response.BodyWriter.Write("\n"u8);
            return await SendAsync(cancellationToken);
        }

        return true;
    }

    /// <summary>Adds what is compared at the end, and closes the answer.</summary>
    public async Task EndAsync(Auditor auditor, CancellationToken cancellationToken)
    {
        totals = totals with
        {
            Unsettled = await auditor.CountUnsettledAsync(account, cancellationToken),
            Spend = account is null ? [.. (await auditor.CompareSpendAsync(monthCosts, cancellationToken)).Select(SpendOutput.From)] : null,
            Complete = true,
        };
        await CloseAsync(cancellationToken);
    }

    /// <summary>Closes the answer of an audit that could not go on.</summary>
    public Task BreakOffAsync(string code, CancellationToken cancellationToken)
    {
        totals = totals with { Code = code };
        return CloseAsync(cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        // What is left in the writer belongs to an answer that is a problem document now.
        json.Reset(Stream.Null);
        return json.DisposeAsync();
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        Start();
        IsHalfSent = false;
        json.WriteEndArray();
        foreach (var total in JsonSerializer.SerializeToElement(totals, Wire.Json).EnumerateObject())
        {
            total.WriteTo(json);
        }

        json.WriteEndObject();
        await SendAsync(cancellationToken);
    }

    private void Start()
    {
        if (hasStarted)
        {
            return;
        }

        hasStarted = IsHalfSent = true;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "application/json; charset=utf-8";
        json.WriteStartObject();
        json.WriteStartArray("discrepancies");
    }

    private async ValueTask<bool> SendAsync(CancellationToken cancellationToken)
    {
        await json.FlushAsync(cancellationToken);
        return !(await response.BodyWriter.FlushAsync(cancellationToken)).IsCompleted;
    }
}
