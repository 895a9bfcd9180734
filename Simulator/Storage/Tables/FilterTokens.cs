using System.Globalization;

namespace ServerlessAi.Simulator.Storage.Tables;

internal enum TokenKind
{
    Open,
    Close,
    Name,
    Literal,
}

/// <param name="Value">The literal's value, or the name.</param>
internal readonly record struct FilterToken(TokenKind Kind, object Value);

/// <summary>Cuts a filter into names, literals and parentheses.</summary>
internal static class FilterTokens
{
    public static List<FilterToken> Read(string text)
    {
        var tokens = new List<FilterToken>();
        for (var at = 0; at < text.Length;)
        {
            switch (text[at])
            {
                case ' ':
                    at++;
                    break;
                case '(':
                    tokens.Add(new FilterToken(TokenKind.Open, "("));
                    at++;
                    break;
                case ')':
                    tokens.Add(new FilterToken(TokenKind.Close, ")"));
                    at++;
                    break;
                default:
                    tokens.Add(ReadWord(text, ref at));
                    break;
            }
        }

        return tokens;
    }

    public static ServiceErrorException SyntaxError() => new(400, "InvalidInput", "Bad Request - Error in query syntax.");

    /// <summary>A bare word, or a quoted text with the name of its type before it.</summary>
    private static FilterToken ReadWord(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && text[at] is not (' ' or '(' or ')' or '\''))
        {
            at++;
        }

        var word = text[start..at];
        return at < text.Length && text[at] == '\''
            ? new FilterToken(TokenKind.Literal, Quoted(word, ReadQuoted(text, ref at)))
            : Bare(word);
    }

    private static string ReadQuoted(string text, ref int at)
    {
        var start = ++at;
        while (true)
        {
            var quote = text.IndexOf('\'', at);
            if (quote < 0)
            {
                throw SyntaxError();
            }

            at = quote + 1;
            if (at >= text.Length || text[at] != '\'')
            {
                return text[start..quote].Replace("''", "'", StringComparison.Ordinal);
            }

            at++;
        }
    }

    private static object Quoted(string type, string text)
    {
        try
        {
            return type switch
            {
                "" => text,
                "guid" => Guid.Parse(text),
                "datetime" => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime(),
                "X" or "binary" => Convert.FromHexString(text),
                _ => throw SyntaxError(),
            };
        }
        catch (FormatException)
        {
            // Quoted, but not a value of its type.
            throw SyntaxError();
        }
    }

    private static FilterToken Bare(string word)
    {
        if (word is "true" or "false")
        {
            return new FilterToken(TokenKind.Literal, word is "true");
        }

        if (word is "NaN" or "INF" or "-INF" or "Infinity" or "-Infinity")
        {
            return new FilterToken(TokenKind.Literal, word is "NaN" ? double.NaN : word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity);
        }

        return char.IsAsciiDigit(word[0]) || word[0] is '-' or '+' or '.'
            ? new FilterToken(TokenKind.Literal, Number(word))
            : new FilterToken(TokenKind.Name, word);
    }

    private static object Number(string word)
    {
        if (word[^1] is 'L' or 'l' && long.TryParse(word[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var large))
        {
            return large;
        }

        if (int.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return whole;
        }

        return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : throw SyntaxError();
    }
}
