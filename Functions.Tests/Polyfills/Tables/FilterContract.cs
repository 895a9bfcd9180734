using System.Linq.Expressions;
using Azure;
using Azure.Data.Tables;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>Filters find the rows that the same predicate finds in memory.</summary>
public abstract class FilterContract : TableContract
{
    private static readonly DateTimeOffset Noon = new(2024, 5, 6, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Second = new("00000000-0000-0000-0000-000000000002");

    private static readonly Row[] Rows =
    [
        new() { RowKey = "a", Text = "it's", Number = 1, Large = 5_000_000_000, Real = 1.5, Flag = true, At = Noon.AddHours(-1), Id = new Guid("00000000-0000-0000-0000-000000000001"), Kind = RowKind.Open },
        new() { RowKey = "b", Text = "b", Number = 2, Large = -1, Real = 2, Flag = false, At = Noon, Id = Second, Kind = RowKind.Closed },
        new() { RowKey = "c", Text = "c", Number = 3, Large = 5, Real = -3, Flag = true, At = Noon.AddHours(1), Id = Guid.Empty, Kind = RowKind.Open },
    ];

    public static TheoryData<string> Expressions => [.. Cases.Keys];

    private static Dictionary<string, Expression<Func<Row, bool>>> Cases
    {
        get
        {
            string quoted = "it's";
            var limits = new { Low = 1, Large = 5L };
            return new Dictionary<string, Expression<Func<Row, bool>>>(StringComparer.Ordinal)
            {
                ["a quoted text"] = row => row.Text == quoted,
                ["not equal"] = row => row.Text != quoted,
                ["a captured number"] = row => row.Number > limits.Low,
                ["a mirrored comparison"] = row => limits.Low < row.Number,
                ["a long"] = row => row.Large >= limits.Large,
                ["a double"] = row => row.Real < 2.0,
                ["a date"] = row => row.At <= Noon,
                ["a guid"] = row => row.Id == Second,
                ["a flag"] = row => row.Flag,
                ["no flag"] = row => !row.Flag,
                ["and within or"] = row => (row.Number == 1 && row.Flag) || row.Number == 2,
                ["or within and"] = row => row.Flag && (row.Number == 1 || row.Number == 2),
                ["a negated group"] = row => !(row.Number == 1 || row.Number == 3),
                ["a range of keys"] = row => row.RowKey.CompareTo("a") > 0 && string.Compare(row.RowKey, "c") < 0,
                ["equals"] = row => row.RowKey.Equals("b") || string.Equals(row.RowKey, "c"),
            };
        }
    }

    public enum RowKind
    {
        Open,
        Closed,
    }

    [Theory]
    [MemberData(nameof(Expressions))]
    public async Task An_expression_finds_what_it_finds_in_memory(string name)
    {
        Expression<Func<Row, bool>> filter = Cases[name];
        TableClient table = await FilledAsync();
        List<Row> found = await table.QueryAsync(filter).ToListAsync();
        Assert.Equal(Rows.Where(filter.Compile()).Select(row => row.RowKey), found.Select(row => row.RowKey));
        Assert.Equal(found.Count, table.Query(filter).Count());
    }

    [Fact]
    public async Task An_expression_over_a_dictionary_entity_names_its_properties()
    {
        TableClient table = await FilledAsync();
        Assert.Equal(2, await table.QueryAsync<TableEntity>(row => row.GetInt32("Number") >= 2).CountAsync());
        Assert.Equal(1, await table.QueryAsync<TableEntity>(row => row.GetString("Text") == "it's").CountAsync());
        Assert.Equal(2, await table.QueryAsync<TableEntity>(row => row.GetBoolean("Flag")!.Value).CountAsync());
        Assert.Equal(2, await table.QueryAsync<TableEntity>(row => row.GetDateTimeOffset("At") >= Noon).CountAsync());
        Assert.Equal(1, await table.QueryAsync<TableEntity>(row => row.PartitionKey == "p" && (long)row["Large"] == 5L).CountAsync());
    }

    [Fact]
    public async Task An_enum_is_found_by_its_name_and_not_by_its_number()
    {
        TableClient table = await FilledAsync();
        Assert.Equal(2, await table.QueryAsync<Row>(row => row.Kind.Equals(nameof(RowKind.Open))).CountAsync());
        Assert.Equal(0, await table.QueryAsync<Row>(row => row.Kind == RowKind.Open).CountAsync());
    }

    [Fact]
    public async Task An_interpolated_filter_quotes_and_types_its_values()
    {
        TableClient table = await FilledAsync();
        string text = "it's";
        Assert.Equal(1, await CountAsync($"Text eq {text}"));
        Assert.Equal(2, await CountAsync($"Number ge {2}"));
        Assert.Equal(1, await CountAsync($"Large eq {5L}"));
        Assert.Equal(1, await CountAsync($"Real gt {1.7}"));
        Assert.Equal(2, await CountAsync($"Flag eq {true}"));
        Assert.Equal(1, await CountAsync($"At gt {Noon}"));
        Assert.Equal(1, await CountAsync($"Id eq {Second}"));

        async Task<int> CountAsync(FormattableString filter) => await table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter(filter)).CountAsync();
    }

    private async Task<TableClient> FilledAsync()
    {
        TableClient table = await NewTableAsync();
        await table.SubmitTransactionAsync(Rows.Select(row => new TableTransactionAction(TableTransactionActionType.Add, row)));
        return table;
    }

    public sealed class Row : ITableEntity
    {
        public string PartitionKey { get; set; } = "p";

        public string RowKey { get; set; } = "";

        public DateTimeOffset? Timestamp { get; set; }

        public ETag ETag { get; set; }

        public string Text { get; set; } = "";

        public int Number { get; set; }

        public long Large { get; set; }

        public double Real { get; set; }

        public bool Flag { get; set; }

        public DateTimeOffset At { get; set; }

        public Guid Id { get; set; }

        public RowKind Kind { get; set; }
    }
}
