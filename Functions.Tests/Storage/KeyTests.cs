using Azure.Data.Tables;
using FsCheck;
using FsCheck.Fluent;
using ServerlessAi.Accounts;
using ServerlessAi.Storage;

namespace ServerlessAi.Tests.Storage;

public sealed class KeyTests
{
    private static readonly DateTimeOffset At = new(2040, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("ann", "ann")]
    [InlineData("ann@example.com", "ann@example.com")]
    [InlineData("a/b", "a=002Fb")]
    [InlineData("a=002Fb", "a=003D002Fb")]
    [InlineData("a|b#c?d\\e%", "a=007Cb=0023c=003Fd=005Ce=0025")]
    [InlineData("\u0001", "=0001")]
    public void Forbidden_characters_are_escaped(string text, string key) => Assert.Equal(key, TableKey.Escape(text));

    [Fact]
    public void Different_texts_have_different_keys_without_forbidden_characters() =>
        Prop.ForAll(ArbMap.Default.ArbFor<(NonEmptyString, NonEmptyString)>(), pair =>
        {
            var (one, other) = (pair.Item1.Get, pair.Item2.Get);
            if (!TableKey.Fits(one) || !TableKey.Fits(other))
            {
                return true;
            }

            var (first, second) = (TableKey.Escape(one), TableKey.Escape(other));
            return string.Equals(first, second, StringComparison.Ordinal) == string.Equals(one, other, StringComparison.Ordinal)
                && first.Length <= TableKey.LengthLimit
                && !first.Any(unit => unit is '/' or '\\' or '#' or '?' or '|' || char.IsControl(unit));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    [Fact]
    public void A_key_that_is_too_long_is_refused_and_Fits_says_so_before()
    {
        var tooLong = new string('/', 103);

        Assert.False(TableKey.Fits(tooLong));
        Assert.Throws<ArgumentException>(() => TableKey.Escape(tooLong));
        Assert.True(TableKey.Fits(new string('x', 512)));
    }

    [Fact]
    public void Newer_rows_sort_first()
    {
        Assert.True(string.CompareOrdinal(AccountRows.EntryKey(10), AccountRows.EntryKey(9)) < 0);
        Assert.True(string.CompareOrdinal(TableKey.Inverted(At.AddTicks(1)), TableKey.Inverted(At)) < 0);
    }

    [Fact]
    public void The_row_keys_of_an_account_are_pinned()
    {
        Assert.Equal("account", AccountRows.StateKey);
        Assert.Equal("hold|op=002F1", AccountRows.HoldKey("op/1"));
        Assert.Equal("op|order", AccountRows.OperationKey("order"));
        Assert.Equal("entry|9223372036854775800", AccountRows.EntryKey(7));
        Assert.Equal("use|2511932145549999999|op|GEN_SUCCESS", AccountRows.UsageKey(new UsageRecord("op", UsageEvents.Success, WorkKind.Image, At, null)));
        var correction = new UsageRecord("op", UsageEvents.CostCorrected, WorkKind.Image, At, null) { Correction = 2 };
        Assert.Equal("use|2511932145549999999|op|COST_CORRECTED|2", AccountRows.UsageKey(correction));
        Assert.Equal(("day|20400102", "month|204001"), (AccountRows.DayKey(Periods.DayOf(At)), AccountRows.MonthKey(Periods.MonthOf(At))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(32_000)]
    [InlineData(32_001)]
    [InlineData(100_000)]
    public void Long_text_is_spread_over_properties_and_put_together_again(int length)
    {
        var row = new TableEntity("p", "r");
        var text = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + i % 26)));

        LongText.Write(row, "Text", text);

        Assert.Equal(text, LongText.Read(row, "Text"));
        Assert.All(row.Keys.Where(key => key.StartsWith("Text", StringComparison.Ordinal)), key => Assert.True(row.GetString(key).Length <= 32_768));
    }
}
