namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>A filter as a predicate over a row's values: <c>or</c> binds weaker than <c>and</c>, that weaker than <c>not</c>, that weaker than comparisons.</summary>
internal sealed class FilterParser
{
    /// <summary>Groups and negations within each other; a bound for the parser's stack.</summary>
    private const int DepthLimit = 100;

    private readonly List<FilterToken> tokens;
    private int next;
    private int depth;

    private FilterParser(List<FilterToken> tokens) => this.tokens = tokens;

    public static Func<Func<string, object?>, bool> Parse(string text)
    {
        var parser = new FilterParser(FilterTokens.Read(text));
        var filter = parser.Or();
        return parser.next == parser.tokens.Count ? filter : throw FilterTokens.SyntaxError();
    }

    private Func<Func<string, object?>, bool> Or()
    {
        var left = And();
        while (TakeName("or"))
        {
            var (first, second) = (left, And());
            left = row => first(row) || second(row);
        }

        return left;
    }

    private Func<Func<string, object?>, bool> And()
    {
        var left = Not();
        while (TakeName("and"))
        {
            var (first, second) = (left, Not());
            left = row => first(row) && second(row);
        }

        return left;
    }

    private Func<Func<string, object?>, bool> Not()
    {
        if (++depth > DepthLimit)
        {
            throw FilterTokens.SyntaxError();
        }

        Func<Func<string, object?>, bool> filter;
        if (TakeName("not"))
        {
            var inner = Not();
            filter = row => !inner(row);
        }
        else if (Take(TokenKind.Open))
        {
            filter = Or();
            if (!Take(TokenKind.Close))
            {
                throw FilterTokens.SyntaxError();
            }
        }
        else
        {
            filter = Comparison();
        }

        depth--;
        return filter;
    }

    private Func<Func<string, object?>, bool> Comparison()
    {
        var left = Operand();
        if (Peek is not { Kind: TokenKind.Name, Value: "eq" or "ne" or "gt" or "ge" or "lt" or "le" } op)
        {
            return row => left(row) is true;
        }

        next++;
        var right = Operand();
        return row => FilterComparison.Holds((string)op.Value, left(row), right(row));
    }

    private Func<Func<string, object?>, object?> Operand()
    {
        if (Peek is not { Kind: TokenKind.Name or TokenKind.Literal } token)
        {
            throw FilterTokens.SyntaxError();
        }

        next++;
        return token.Kind == TokenKind.Literal ? _ => token.Value : row => row((string)token.Value);
    }

    private FilterToken? Peek => next < tokens.Count ? tokens[next] : null;

    private bool Take(TokenKind kind)
    {
        var isNext = Peek?.Kind == kind;
        next += isNext ? 1 : 0;
        return isNext;
    }

    private bool TakeName(string name)
    {
        var isNext = Peek is { Kind: TokenKind.Name, Value: string word } && string.Equals(word, name, StringComparison.Ordinal);
        next += isNext ? 1 : 0;
        return isNext;
    }
}

/// <summary>Compares values of one type; numbers widen to each other. What is absent or of another type matches nothing.</summary>
internal static class FilterComparison
{
    public static bool Holds(string op, object? left, object? right)
    {
        if (left is double or int or long && right is double or int or long && (left is double || right is double))
        {
            return HoldsFor(op, ToDouble(left), ToDouble(right));
        }

        return (Widened(left), Widened(right)) switch
        {
            (long a, long b) => HoldsFor(op, a.CompareTo(b)),
            (string a, string b) => HoldsFor(op, string.CompareOrdinal(a, b)),
            (bool a, bool b) => HoldsFor(op, a.CompareTo(b)),
            (Guid a, Guid b) => HoldsFor(op, string.CompareOrdinal(a.ToString(), b.ToString())),
            (DateTimeOffset a, DateTimeOffset b) => HoldsFor(op, a.CompareTo(b)),
            (byte[] a, byte[] b) => HoldsFor(op, a.AsSpan().SequenceCompareTo(b)),
            _ => false,
        };
    }

    private static object? Widened(object? value) => value is int number ? (long)number : value;

    private static double ToDouble(object value) => value switch
    {
        int number => number,
        long number => number,
        _ => (double)value,
    };

    // Not by order: NaN has none.
    private static bool HoldsFor(string op, double left, double right) => op switch
    {
        "eq" => left.Equals(right) && !double.IsNaN(left),
        "ne" => !left.Equals(right) || double.IsNaN(left),
        "gt" => left > right,
        "ge" => left >= right,
        "lt" => left < right,
        _ => left <= right,
    };

    private static bool HoldsFor(string op, int order) => op switch
    {
        "eq" => order == 0,
        "ne" => order != 0,
        "gt" => order > 0,
        "ge" => order >= 0,
        "lt" => order < 0,
        _ => order <= 0,
    };
}
