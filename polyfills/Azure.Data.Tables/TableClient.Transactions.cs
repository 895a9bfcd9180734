using Azure.Core;
using Azure.Data.Tables.Wire;

namespace Azure.Data.Tables;

/// <content>Entity-group transactions: all rows or none, in one partition.</content>
public partial class TableClient
{
    public virtual Response<IReadOnlyList<Response>> SubmitTransaction(
        IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default) =>
        SubmitAsync(transactionActions, async: false, cancellationToken).Finished();

    public virtual async Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(
        IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default) =>
        await SubmitAsync(transactionActions, async: true, cancellationToken).ConfigureAwait(false);

    private async ValueTask<Response<IReadOnlyList<Response>>> SubmitAsync(
        IEnumerable<TableTransactionAction> actions, bool async, CancellationToken cancellationToken)
    {
        TransactionBody body = TransactionBody.Build(_endpoint.Uri, Name, actions);
        Response response = await _endpoint.SendAsync(_requests.Batch(body), async, cancellationToken).ConfigureAwait(false);
        Response[] parts = async
            ? await MultipartResponse.ParseAsync(response, expectCrLf: false, cancellationToken).ConfigureAwait(false)
            : MultipartResponse.Parse(response, expectCrLf: false, cancellationToken);

        // A refused transaction answers 202 with the one part that failed.
        Response failed = Array.Find(parts, part => part.Status >= 400);
        return failed is null
            ? Response.FromValue<IReadOnlyList<Response>>(parts, response)
            : throw new TableTransactionFailedException(new RequestFailedException(failed, null, ErrorDetails.Parser));
    }
}
