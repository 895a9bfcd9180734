using System.Text.Json.Nodes;

namespace ServerlessAi.Tests.Contracts;

/// <summary>A comparison that misses a difference would make all contracts worthless.</summary>
public sealed class PayloadComparisonTests
{
    [Theory]
    [InlineData("""{"a":1,"b":"x"}""", """{"b":"x","a":1.0}""", null)]
    [InlineData("""{"a":1}""", """{"a":"1"}""", "$.a is \"1\", not 1")]
    [InlineData("""{"a":1}""", """{"a":1,"b":null}""", "$.b is not expected")]
    [InlineData("""{"a":1,"b":null}""", """{"a":1}""", "$.b is missing")]
    [InlineData("""{"a":{"b":[1,{"c":2}]}}""", """{"a":{"b":[1,{"c":3}]}}""", "$.a.b[1].c is 3, not 2")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""", "$.a[0] is 2, not 1")]
    [InlineData("""{"a":[1]}""", """{"a":[]}""", "$.a has 0 elements, not 1")]
    [InlineData("""{"a":true}""", """{"a":null}""", "$.a is null, not true")]
    [InlineData("""{"a":{}}""", """{"a":[]}""", "$.a is [], not {}")]
    public void Each_difference_is_named_by_its_path(string wanted, string seen, string? difference) =>
        Assert.Equal(difference, Payload.Differences("$", JsonNode.Parse(wanted), JsonNode.Parse(seen)).FirstOrDefault());
}
