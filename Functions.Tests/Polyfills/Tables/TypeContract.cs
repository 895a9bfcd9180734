using System.Runtime.Serialization;
using Azure;
using Azure.Data.Tables;

namespace ServerlessAi.Tests.Polyfills.Tables;

/// <summary>Values survive the way to the service and back, with their type.</summary>
public abstract class TypeContract : TableContract
{
    public enum Colour
    {
        Red,
        Green,
    }

    public static TheoryData<object> Values => new()
    {
        0, int.MinValue, int.MaxValue,
        0L, long.MinValue, long.MaxValue, 9_007_199_254_740_993L,
        3.0, -0.5, double.MaxValue, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e300, 0.1,
        true, false,
        "", " ", "text", "quote ' and \" and \\", "<&>\r\n\t", "größer, 日本語, 😀", "12345", "2024-01-01T00:00:00Z",
        new Guid("3f2504e0-4f89-11d3-9a0c-0305e82c3301"), Guid.Empty,
        new DateTimeOffset(2024, 2, 29, 23, 59, 59, TimeSpan.Zero).AddTicks(1_234_567),
        new DateTimeOffset(1601, 1, 1, 0, 0, 0, TimeSpan.Zero),
        Array.Empty<byte>(), new byte[] { 0, 1, 127, 128, 255 },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_value_comes_back_as_it_was(object value)
    {
        TableClient table = await NewTableAsync();
        await table.AddEntityAsync(new TableEntity("p", "single") { ["V"] = value });
        await table.SubmitTransactionAsync([new TableTransactionAction(TableTransactionActionType.Add, new TableEntity("p", "batch") { ["V"] = value })]);

        await foreach (TableEntity read in table.QueryAsync<TableEntity>())
        {
            Assert.Equal(value, read["V"]);
            Assert.Equal(value.GetType(), read["V"].GetType());
        }
    }

    [Fact]
    public async Task Every_type_comes_back_into_a_class()
    {
        TableClient table = await NewTableAsync();
        var written = new Everything
        {
            PartitionKey = "p",
            RowKey = "r",
            Text = "it's",
            Number = -1,
            Large = long.MaxValue,
            Real = 3.0,
            Flag = true,
            Id = new Guid("3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
            Instant = new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
            Day = new DateTime(2024, 1, 2, 0, 0, 0, DateTimeKind.Utc),
            Bytes = [1, 2],
            Data = BinaryData.FromBytes([3, 4]),
            Choice = Colour.Green,
            MaybeLarge = 7,
            Renamed = "named",
            Ignored = "not stored",
        };
        await table.AddEntityAsync(written);

        Everything read = await table.GetEntityAsync<Everything>("p", "r");
        Assert.Equal(
            (written.Text, written.Number, written.Large, written.Real, written.Flag, written.Id, written.Instant, written.Day, written.Choice, written.MaybeLarge, written.Renamed),
            (read.Text, read.Number, read.Large, read.Real, read.Flag, read.Id, read.Instant, read.Day, read.Choice, read.MaybeLarge, read.Renamed));
        Assert.Equal(written.Bytes, read.Bytes);
        Assert.Equal(written.Data.ToArray(), read.Data!.ToArray());
        Assert.Null(read.MaybeId);
        Assert.Null(read.Ignored);

        TableEntity raw = await table.GetEntityAsync<TableEntity>("p", "r");
        Assert.Equal("Green", raw.GetString("Choice"));
        Assert.Equal("named", raw.GetString("other_name"));
        Assert.False(raw.ContainsKey("Ignored"));
        Assert.False(raw.ContainsKey("MaybeId"));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("it's", "o''clock")]
    [InlineData("a b", "c+d%20&e=f")]
    [InlineData("größe", "日本")]
    [InlineData("hold|1", "~!@$^*()_-{}[];:,.<>")]
    public async Task Any_key_finds_its_row(string partitionKey, string rowKey)
    {
        TableClient table = await NewTableAsync();
        await table.AddEntityAsync(new TableEntity(partitionKey, rowKey) { ["N"] = 1 });
        await table.UpdateEntityAsync(new TableEntity(partitionKey, rowKey) { ["N"] = 2 }, ETag.All);
        await table.SubmitTransactionAsync([new(TableTransactionActionType.UpdateMerge, new TableEntity(partitionKey, rowKey) { ["M"] = 3 }, ETag.All)]);
        TableEntity read = await table.GetEntityAsync<TableEntity>(partitionKey, rowKey);
        Assert.Equal((partitionKey, rowKey, 2, 3), (read.PartitionKey, read.RowKey, read.GetInt32("N"), read.GetInt32("M")));

        string filter = TableClient.CreateQueryFilter($"PartitionKey eq {partitionKey} and RowKey eq {rowKey}");
        Assert.Single(await table.QueryAsync<TableEntity>(filter).ToListAsync());
        Assert.Equal(204, (await table.DeleteEntityAsync(partitionKey, rowKey)).Status);
    }

    private sealed class Everything : ITableEntity
    {
        public string PartitionKey { get; set; } = "";

        public string RowKey { get; set; } = "";

        public DateTimeOffset? Timestamp { get; set; }

        public ETag ETag { get; set; }

        public string Text { get; set; } = "";

        public int Number { get; set; }

        public long Large { get; set; }

        public double Real { get; set; }

        public bool Flag { get; set; }

        public Guid Id { get; set; }

        public DateTimeOffset Instant { get; set; }

        public DateTime Day { get; set; }

        public byte[] Bytes { get; set; } = [];

        public BinaryData? Data { get; set; }

        public Colour Choice { get; set; }

        public long? MaybeLarge { get; set; }

        public Guid? MaybeId { get; set; }

        [DataMember(Name = "other_name")]
        public string? Renamed { get; set; }

        [IgnoreDataMember]
        public string? Ignored { get; set; }
    }
}
