namespace ServerlessAi.Tests.Fuzz;

/// <summary>Texts that parsers, keys, queries and headers tend to trip over.</summary>
internal static class Hostile
{
    /// <summary>Path segments and query values, percent-encoded as they are sent.</summary>
    public static readonly IReadOnlyList<string> Ids =
    [
        "", ".", "..", "%2e%2e", "%2E%2E%2f", "%252e%252e%252f", "..%2f..%2fmanage%2fkeys", "a%2Fb", "a%5Cb", "a%23b", "a%3Fb", "a%25b", "a%252Fb", "a#b", "a\\b", "a;b=c", "a:b",
        "%00", "a%00b", "%0d%0ax-injected:%20yes", "a%0ab", "%7f", "%c2%85", "%c3%28", "%ff", "%ed%a0%80", "%f0%9f%a6%8a", "%C3%A9", "e%CC%81", "%E2%80%AEnna", "%EF%BB%BFann",
        "%C2%A0ann", "%20ann", "ann%20", "a%20b", "a+b", "%7C", "a%7Cb", "%3D", "a%3D002Fb", "%27", "%27%20or%20PartitionKey%20ne%20%27", "%22", "%", "%zz", "%u0041", "{id}", "*", "$", "~",
        "CON", "account", "model", "%3Cscript%3E", "null", "true", "0", "-1", "99999999999999999999", "ANN", "ann", "sai_", "admin", "Admin", "ad%6Din",
        new('a', 127), new('a', 128), new('a', 129), new('a', 512), new('a', 513), new('a', 1_025), new('a', 7_000), Repeated("%2F", 120), Repeated("%2F", 128), Repeated("%F0%9F%A6%8A", 64),
        Repeated("%E4%B8%AD", 513), Repeated("%7C", 500), Repeated("%00", 64), Repeated("../", 40),
    ];

    /// <summary>JSON values, valid and not, as they stand in a body.</summary>
    public static readonly IReadOnlyList<string> Values =
    [
        "null", "true", "false", "\"\"", "\" \"", "\"true\"", "\"1\"", "\"NaN\"", "[]", "{}", "[null]", "[1]", "[\"a\"]", "[\"a\",null]", "[[]]", "{\"a\":1}", "[\"\"]",
        "0", "-0", "-0.0", "1", "-1", "0.1", "1.0", "1e0", "1e400", "-1e400", "1e-400", "1E+2", "9.99999999999999999999999999999999999", "0.0000001", "0.000001", "1.0000000000000000000000000001",
        "79228162514264337593543950335", "79228162514264337593543950336", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1000000",
        "1000000.000001", "-1000000", "999999.999999", "100000", "1000", "10000", "2592000", "2592001", "200000", "200001",
        "NaN", "Infinity", "-Infinity", "0x10", "01", "+1", ".5", "1.", "1e", "--1", "1_000", "undefined", "'a'", "\"", "\"\\x41\"", "\"\\u00\"", "tru", "nul",
        "\"\\ud800\"", "\"a\\udc00b\"", "\"\\ud83e\\udd8a\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\u001b[31m\"", "\"\\r\\nx-injected: yes\"", "\"\\u202e\"", "\"\\ufeff\"", "\"\\uffff\"", "\"\u0001\"", "\"a\nb\"",
        "\"user\"", "\"admin\"", "\"USER\"", "\"user,admin\"", "\"user, admin\"", "\"guest\"", "\"grant,purchase\"", "\"image\"", "\"text\"", "\"search\"", "\"premium\"", "\"standard\"", "\"premium,standard\"",
        "\"purchase\"", "\"adjustment\"", "\"signUp\"", "\"16:9\"", "\"openai\"", "\"sample\"", "\"OPUS_4\"", "\"openai-gpt-image-1\"", "\"fuzz-model-1\"", "\"openai-fuzz-model-1\"",
        "\"2041-01-01T00:00:00Z\"", "\"2040-05-16T12:00:00Z\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"9999-12-31T23:59:59-14:00\"", "\"0001-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00+14:00\"", "\"2041-02-30T00:00:00Z\"", "\"2041-01-01\"",
    ];

    public static readonly IReadOnlyList<string> Keys =
    [
        "\"$type\"", "\"$id\"", "\"$ref\"", "\"$values\"", "\"__proto__\"", "\"constructor\"", "\"\"", "\" prompt\"", "\"PROMPT\"", "\"userID\"", "\"user_id\"", "\"\\u0075serId\"", "\"\\ud800\"", "\"a\\u0000\"",
        "\"Caller\"", "\"accountId\"", "\"price_version\"", "\"revision\"", "prompt", "'prompt'", "1", "null",
    ];

    public static readonly IReadOnlyList<string> Bodies =
    [
        "", " ", "\n", "null", "true", "0", "-1", "1e400", "\"\"", "\"text\"", "[]", "[{}]", "{}", "{", "}", "[", "{\"\"}", "{\"a\"}", "{\"a\":}", "{,}", "{}{}", "{}\0", "{} x", "prompt=x&userId=ann",
        "<?xml version=\"1.0\"?><a/>", "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nx\r\n--b--", "/**/{}", "// \n{}", "\u00a0{}", "\u2028{}", "NaN", "undefined",
    ];

    /// <summary>Header values; what a client must not put on the wire at all is not among them.</summary>
    public static readonly IReadOnlyList<string> HeaderValues =
    [
        "", " ", "*", "\"", "\"\"", "W/\"x\"", "\"a\", \"b\"", "a,b", "a;b", "%0d%0ax-injected: yes", "\\r\\nx-injected: yes", "é", "\u00ff", "null", "0", "-1", "../..", "W/\"datetime'2040-05-16T12%3A00%3A00Z'\"",
        "ann", "ANN", "admin", "%00", "a|b", "a/b", "a b", "a\tb", "{}", "'", new('a', 128), new('a', 129), new('a', 513), new('a', 6_000), new('"', 200),
    ];

    public static readonly IReadOnlyList<string> HeaderNames =
    [
        "If-Match", "If-None-Match", "Idempotency-Key", "x-user-id", "x-request-id", "x-api-key", "Accept", "Accept-Encoding", "Accept-Language", "Content-Encoding", "Cookie", "Origin", "Range", "Referer",
        "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override", "X-Original-URL", "x-functions-key", "x-ms-client-principal", "traceparent", "User-Agent",
    ];

    public static readonly IReadOnlyList<string> ContentTypes =
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=b", "application/xml", "application/problem+json", "application/jsonx", "json", "", " ", "application/",
        "application/json; charset=utf-16", "application/json; charset=utf-7", "application/json; charset=latin1", "application/json; charset=nonsense", "application/json; charset=", "application/json;", "application/json; ;",
        "APPLICATION/JSON", "application/json, text/plain", "application/json; charset=\"utf-8\"", "*/*", "application/vnd.api+json", "text/json",
    ];

    public static readonly IReadOnlyList<string> QueryNames = ["userId", "userid", "user_id", "limit", "before", "code", "name", "", "a%00", "%ff", "userId%5B%5D", "prompt"];

    public static readonly IReadOnlyList<string> Methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "get", "PoSt", "QUERY", "X-A"];

    private static string Repeated(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
