using System.Text.Json;
using ServerlessAi.Tests.Contracts;

namespace ServerlessAi.Tests.Reporting;

public sealed class ExportTests
{
    [Fact]
    public async Task The_usage_log_comes_as_CSV_in_which_nothing_is_a_formula()
    {
        await using var app = await Story.StartAsync();
        await Script.CallAsync(app, "five", 1, 0.002m, 1, 2, chat: "=HYPERLINK(\"x\")");

        using var response = await app.Http.GetAsync("usage/export?userId=ann&format=csv");
        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n");

        Assert.Equal(("text/csv; charset=utf-8", "attachment; filename=\"usage.csv\""), (response.Content.Headers.ContentType!.ToString(), response.Content.Headers.ContentDisposition!.ToString()));
        Assert.Equal("At,Event,Kind,OperationId,ModelSelected,ModelServed,Provider,Tier,InputTokens,OutputTokens,Images,Credits,CostUsd,ProviderMs,Reason,ChatId,EndUser", lines[0]);
        Assert.Contains("five,openai-gpt-4.1,openai-gpt-4.1,openai,premium,1,2,0,1,0.002,100,,\"'=HYPERLINK(\"\"x\"\")\",", lines.Single(line => line.Contains(",five,", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(7, lines.Length);
        using var json = JsonDocument.Parse(await app.Http.GetStringAsync("usage/export?userId=ann&format=json"));
        Assert.Equal(json.RootElement.EnumerateArray().Select(line => line.GetProperty("at").GetString()), lines[1..^1].Select(line => line[..line.IndexOf(',', StringComparison.Ordinal)]));
        Assert.StartsWith("2040-05-15T12:00:00+00:00,", lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_usage_log_comes_as_JSON_from_one_instant_to_another()
    {
        await using var app = await Story.StartAsync();

        using var all = JsonDocument.Parse(await app.Http.GetStringAsync("usage/export?userId=ann&format=json"));
        using var firstDay = JsonDocument.Parse(await app.Http.GetStringAsync("usage/export?userId=ann&format=json&from=2040-05-15&to=2040-05-16"));

        Assert.Equal(4, all.RootElement.GetArrayLength());
        Payload.AssertSame("""
            [{"at":"2040-05-15T12:00:00+00:00","event":"GEN_SUCCESS","kind":"text","operationId":"one","modelSelected":"openai-gpt-4.1","modelServed":"openai-gpt-4.1","provider":"openai",
              "tier":"premium","inputTokens":1000,"outputTokens":500,"images":0,"credits":2,"costUsd":0.01,"providerMs":120,"chatId":"c 1"}]
            """, firstDay.RootElement);
        Assert.Equal(400, (await app.GetAsync("usage/export?userId=ann&format=xml")).Status);
        Assert.Equal(400, (await app.GetAsync("usage/export?userId=ann&from=2040-05-16&to=2040-05-15")).Status);
    }
}
