using System.Linq.Expressions;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>The dictionary entity and the filter texts: no service involved.</summary>
public sealed class TableEntityTests
{
    [Fact]
    public void A_getter_of_another_type_is_an_invalid_operation()
    {
        var entity = new TableEntity("p", "r") { ["I"] = 1, ["S"] = "x", ["L"] = 1L };
        Assert.Throws<InvalidOperationException>(() => entity.GetInt64("I"));
        Assert.Throws<InvalidOperationException>(() => entity.GetInt32("L"));
        Assert.Throws<InvalidOperationException>(() => entity.GetDouble("I"));
        Assert.Throws<InvalidOperationException>(() => entity.GetBoolean("S"));
        Assert.Throws<InvalidOperationException>(() => entity.GetGuid("S"));
        Assert.Throws<InvalidOperationException>(() => entity.GetBinary("S"));
        Assert.Throws<InvalidOperationException>(() => entity.GetString("I"));
    }

    [Fact]
    public void A_missing_property_is_null()
    {
        var entity = new TableEntity();
        Assert.Null(entity["X"]);
        Assert.Null(entity.GetInt32("X"));
        Assert.Null(entity.PartitionKey);
        Assert.Null(entity.Timestamp);
        Assert.Equal(default, entity.ETag);
        Assert.Throws<ArgumentNullException>(() => entity[null]);
        Assert.Throws<ArgumentException>(() => entity.GetString(""));
    }

    [Fact]
    public void The_two_date_types_and_the_two_binary_types_convert()
    {
        var instant = new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(1));
        var entity = new TableEntity { ["O"] = instant, ["D"] = instant.UtcDateTime, ["B"] = new byte[] { 7 } };
        Assert.Equal(instant.UtcDateTime, entity.GetDateTime("O"));
        Assert.Equal(instant, entity.GetDateTimeOffset("D"));
        Assert.Equal([7], entity.GetBinaryData("B").ToArray());
    }

    [Fact]
    public void A_whole_number_keeps_the_columns_type()
    {
        var entity = new TableEntity { ["D"] = 1.5, ["L"] = 1L, ["I"] = 1 };
        entity["D"] = 2;
        entity["L"] = 2;
        entity["I"] = 2L;
        Assert.Equal((2.0, 2L, 2L), (entity.GetDouble("D"), entity.GetInt64("L"), entity.GetInt64("I")));
    }

    [Fact]
    public void An_entity_is_a_dictionary_of_its_own()
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal) { ["A"] = 1 };
        var entity = new TableEntity(values) { { "B", 2 } };
        values["A"] = 3;
        Assert.Equal(1, entity.GetInt32("A"));
        Assert.Equal(["A", "B"], entity.Keys.Order(StringComparer.Ordinal));
        Assert.True(entity.Remove("A"));
        Assert.Single(entity);
        entity.Clear();
        Assert.False(entity.ContainsKey("B"));
    }

    [Fact]
    public void Interpolated_filters_quote_and_type_their_values()
    {
        Assert.Equal("S eq 'it''s'", TableClient.CreateQueryFilter($"S eq {"it's"}"));
        Assert.Equal("I gt 5", TableClient.CreateQueryFilter($"I gt {5}"));
        Assert.Equal("L eq 5L", TableClient.CreateQueryFilter($"L eq {5L}"));
        Assert.Equal("B eq true", TableClient.CreateQueryFilter($"B eq {true}"));
        Assert.Equal("G eq guid'00000000-0000-0000-0000-000000000000'", TableClient.CreateQueryFilter($"G eq {Guid.Empty}"));
        Assert.Equal("T gt datetime'2024-01-01T00:00:00Z'", TableClient.CreateQueryFilter($"T gt {new DateTimeOffset(2024, 1, 1, 1, 0, 0, TimeSpan.FromHours(1))}"));
        Assert.Throws<ArgumentException>(() => TableClient.CreateQueryFilter($"X eq {new object()}"));
    }

    [Fact]
    public void Expressions_become_filters()
    {
        Assert.Equal("Number ge 2 and (Flag eq true or not (Flag eq true))", Filter(row => row.Number >= 2 && (row.Flag || !row.Flag)));
        Assert.Equal("Number eq 1 and Flag eq true or Number eq 2", Filter(row => (row.Number == 1 && row.Flag) || row.Number == 2));
        Assert.Equal("Real eq 3.0", Filter(row => row.Real == 3));
        Assert.Equal("Large le 9223372036854775807L", Filter(row => row.Large <= long.MaxValue));
        Assert.Equal("Kind ne 1", Filter(row => row.Kind != FilterContract.RowKind.Closed));
        Assert.Equal("Kind eq 'Closed'", Filter(row => row.Kind.Equals(FilterContract.RowKind.Closed.ToString())));
        Assert.Equal("TableName gt 'a'", TableServiceClient.CreateQueryFilter(table => table.Name.CompareTo("a") > 0));
        Assert.Equal("L eq 5L", TableClient.CreateQueryFilter<TableEntity>(row => row.GetInt64("L") == 5));
        Assert.Null(Filter(row => true));
    }

    [Fact]
    public void What_the_service_cannot_do_is_refused()
    {
        Assert.Throws<NotSupportedException>(() => Filter(row => row.Text.Equals("x", StringComparison.OrdinalIgnoreCase)));
        Assert.Throws<NotSupportedException>(() => Filter(row => row.Text.StartsWith('x')));
        Assert.Throws<NotSupportedException>(() => Filter(row => row.Text == row.RowKey));
        Assert.Throws<NotSupportedException>(() => Filter(row => row.Number + 1 == 2));
    }

    [Fact]
    public void Error_codes_compare_with_text() => Assert.True("TableNotFound" == TableErrorCode.TableNotFound);

    private static string Filter(Expression<Func<FilterContract.Row, bool>> predicate) => TableClient.CreateQueryFilter(predicate);
}
