using ServerlessAi.Providers;

namespace ServerlessAi.Tests.Providers;

public sealed class UnknownOutcomeTests
{
    [Theory]
    [InlineData(HttpRequestError.ConnectionError, ProviderFailure.Unavailable)]
    [InlineData(HttpRequestError.NameResolutionError, ProviderFailure.Unavailable)]
    [InlineData(HttpRequestError.SecureConnectionError, ProviderFailure.Unavailable)]
    [InlineData(HttpRequestError.ProxyTunnelError, ProviderFailure.Unavailable)]
    [InlineData(HttpRequestError.ResponseEnded, ProviderFailure.ConnectionLost)]
    [InlineData(HttpRequestError.HttpProtocolError, ProviderFailure.ConnectionLost)]
    [InlineData(HttpRequestError.InvalidResponse, ProviderFailure.ConnectionLost)]
    [InlineData(HttpRequestError.Unknown, ProviderFailure.ConnectionLost)]
    public void Only_a_connection_that_was_never_made_surely_cost_nothing(HttpRequestError error, ProviderFailure failure)
    {
        var exception = new HttpRequestException(error, "It broke.");

        Assert.Equal(failure, VendorErrors.FromNetwork(exception));
        Assert.Equal(failure, VendorErrors.FromNetwork(new IOException("Outer.", exception)));
    }

    [Fact]
    public void Answers_of_which_nobody_knows_may_have_cost_and_a_vendors_no_has_not()
    {
        var mayHaveCost = Enum.GetValues<ProviderFailure>().Where(failure => failure.MayHaveCost());

        Assert.Equal([ProviderFailure.Timeout, ProviderFailure.ConnectionLost, ProviderFailure.BadAnswer], mayHaveCost);
        Assert.True(ProviderFailure.ConnectionLost.AllowsFallback());
    }
}
