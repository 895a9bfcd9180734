using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Azure.Data.Tables;
using CsvHelper;
using CsvHelper.Configuration;
using ServerlessAi.Accounts;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Reporting;

/// <summary>One line of the usage log as it is exported: no prompts, no answers, no keys.</summary>
/// <param name="Credits">Charged.</param>
/// <param name="CostUsd">Negative where an assumption turned out too high.</param>
public sealed record ExportLine(
    DateTimeOffset At, string Event, string Kind, string OperationId, string? ModelSelected, string? ModelServed, string? Provider, string? Tier, long InputTokens, long OutputTokens, int Images,
    decimal Credits, decimal CostUsd, int ProviderMs, string? Reason, string? ChatId, string? EndUser)
{
    public static ExportLine Of(UsageRecord line) => new(
        line.At, line.Event, line.Kind.ToString().ToLowerInvariant(), line.OperationId, line.Facts?.ModelSelected, line.Facts?.ModelServed, line.Facts?.Provider, line.Facts?.Tier,
        line.Facts?.InputTokens ?? 0, line.Facts?.OutputTokens ?? 0, line.Facts?.Images ?? 0, Money.ToCredits(line.ChargedMicro), Money.ToUsd(line.CostNanoUsd), line.Facts?.ProviderMs ?? 0,
        line.Reason, line.Facts?.ChatId, line.Facts?.EndUser);
}

/// <summary>The usage log, newest first, read a page at a time: memory holds one page however long it is.</summary>
public sealed class Exports(Tables tables, TimeProvider time)
{
    private const int RowsAtOnce = 200;

    // ISO 8601, to the letter what System.Text.Json writes.
    private const string Instants = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz";

    /// <param name="from">Inclusive.</param>
    /// <param name="to">Exclusive.</param>
    public async IAsyncEnumerable<ExportLine> ReadAsync(string accountId, DateTimeOffset from, DateTimeOffset to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Accounts);
        // Keys sort the newest first.
        var (first, end) = ("use|" + TableKey.Inverted(to.AddTicks(-1)), "use|" + TableKey.Inverted(from) + "}");
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {AccountRows.Partition(accountId)} and RowKey ge {first} and RowKey lt {end}");
        await foreach (var row in client.ReadLongAsync(filter, time, cancellationToken))
        {
            yield return ExportLine.Of(AccountRows.ToUsage(row));
        }
    }

    /// <summary>Writes CSV as RFC 4180 has it, with a line of names. A text that a spreadsheet would take for a formula begins with an apostrophe.</summary>
    public static async Task WriteCsvAsync(IAsyncEnumerable<ExportLine> lines, Stream output, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        await using var csv = new CsvWriter(text, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\r\n" });
        csv.Context.TypeConverterOptionsCache.GetOptions<DateTimeOffset>().Formats = [Instants];
        csv.WriteHeader<ExportLine>();
        await csv.NextRecordAsync();
        var count = 0;
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            csv.WriteRecord(Neutral(line));
            await csv.NextRecordAsync();
            if (++count % RowsAtOnce == 0)
            {
                await csv.FlushAsync();
                await text.FlushAsync(cancellationToken);
            }
        }

        await csv.FlushAsync();
    }

    private static ExportLine Neutral(ExportLine line) => line with
    {
        OperationId = Neutral(line.OperationId)!,
        ModelSelected = Neutral(line.ModelSelected),
        ModelServed = Neutral(line.ModelServed),
        Provider = Neutral(line.Provider),
        Reason = Neutral(line.Reason),
        ChatId = Neutral(line.ChatId),
        EndUser = Neutral(line.EndUser),
    };

    // What spreadsheets run: https://owasp.org/www-community/attacks/CSV_Injection
    private static string? Neutral(string? text) => text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + text : text;
}
