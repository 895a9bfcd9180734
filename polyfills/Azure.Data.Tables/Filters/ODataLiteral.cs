using System.Globalization;
using System.Text;
using System.Xml;

namespace Azure.Data.Tables.Filters;

/// <summary>Values as they are written in a filter.</summary>
internal static class ODataLiteral
{
    /// <summary>The literal of an interpolated value.</summary>
    internal static string OfArgument(object value, int index) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        long or ulong => string.Create(CultureInfo.InvariantCulture, $"{value}L"),
        sbyte or byte or short or ushort or int or uint or decimal or float or double => string.Create(CultureInfo.InvariantCulture, $"{value}"),
        DateTime instant => OfDate(instant.ToUniversalTime()),
        char letter => OfText(letter.ToString()),
        StringBuilder text => OfText(text.ToString()),
        _ => OfShared(value) ?? throw new ArgumentException($"Unable to convert argument {index} from type {value.GetType()} to an OData literal."),
    };

    /// <summary>The literal of a constant in an expression, which says its type: a double keeps a decimal point.</summary>
    internal static string OfConstant(object value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        long number => XmlConvert.ToString(number) + "L",
        int or short or byte or sbyte => string.Create(CultureInfo.InvariantCulture, $"{value}"),
        double number => WithPoint(XmlConvert.ToString(number)),
        float number => XmlConvert.ToString(number) + "f",
        decimal number => XmlConvert.ToString(number) + "M",
        DateTime instant => OfDate(instant),
        _ => OfShared(value) ?? throw new InvalidOperationException($"Could not convert constant {value} expression to string."),
    };

    private static string OfShared(object value) => value switch
    {
        string text => OfText(text),
        Guid id => $"guid'{id}'",
        DateTimeOffset instant => OfDate(instant.UtcDateTime),
        byte[] bytes => $"X'{Convert.ToHexString(bytes)}'",
        BinaryData data => $"X'{Convert.ToHexString(data.ToMemory().Span)}'",
        _ => null,
    };

    private static string OfText(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private static string OfDate(DateTime instant) => $"datetime'{XmlConvert.ToString(instant, XmlDateTimeSerializationMode.RoundtripKind)}'";

    private static string WithPoint(string number) => number.All(char.IsAsciiDigit) ? number + ".0" : number;
}
