using System.Text.Json.Nodes;
using ServerlessAi.Accounts;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.OpenAI;

public sealed class V1ChatTests
{
    [Fact]
    public async Task The_callers_JSON_reaches_the_vendor_as_it_is_but_for_model_and_limit_and_the_answer_comes_back_as_it_came()
    {
        await using var door = await Door.OpenAsync();
        var body = JsonNode.Parse("""
            {
              "model": "GPT_4_TURBO", "seed": 7, "logprobs": true, "top_logprobs": 2, "temperature": 0.10, "unknown_member": { "deep": [1, 2.50, null, "ü"] },
              "max_tokens": 100000, "userId": "ann", "user": "end-user-1", "metadata": { "chatId": "chat-1", "topic": "foxes" },
              "response_format": { "type": "json_schema", "json_schema": { "name": "fox", "schema": { "type": "object" } } },
              "tools": [{ "type": "function", "function": { "name": "look", "parameters": { "type": "object", "properties": { "at": { "type": "string" } } } } }],
              "messages": [
                { "role": "system", "content": "Be brief." },
                { "role": "user", "content": [{ "type": "text", "text": "What is this?" }, { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA", "detail": "low" } }] }
              ]
            }
            """)!.AsObject();

        var reply = await door.ChatAsync(body);

        Assert.Equal(200, reply.Status);
        var expected = body.DeepClone().AsObject();
        expected["model"] = "gpt-4.1";
        expected.Remove("max_tokens");
        expected["max_completion_tokens"] = 2_048;
        expected.Remove("userId");
        expected.Remove("metadata");
        Assert.True(JsonNode.DeepEquals(expected, Assert.Single(door.Vendor.Requests).Json), door.Vendor.Requests[0].Body);
        Assert.Equal(("chatcmpl-standin", "standin", "Hello from the stand-in."), (
            reply.Text("id"), reply.Text("model"), reply.Body.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()));
        // 8 of 12 input tokens at $2 and 4 cached at $0.50, 8 output at $8 a million; × 1.5; ÷ $0.10 a credit.
        Assert.Equal(("0.00123", "miss", "openai-gpt-4.1"), (reply.Headers["x-credits-charged"], reply.Headers["x-cache"], reply.Headers["x-model-served"]));
        var usage = (await door.App.Get<AccountHistory>().ReadUsageAsync("ann", AccountHistory.PageLimit, CancellationToken.None))[0].Facts!;
        Assert.Equal(("chat-1", "end-user-1", """{"topic":"foxes"}"""), (usage.ChatId, usage.EndUser, usage.Metadata));
    }

    [Fact]
    public async Task The_same_question_is_answered_from_the_cache_and_headers_can_say_no()
    {
        await using var door = await Door.OpenAsync();
        var labelled = Door.Chat();
        labelled["metadata"] = new JsonObject { ["chatId"] = "mine" };

        await door.ChatAsync(Door.Chat());
        var again = await door.ChatAsync(labelled);
        var other = await door.ChatAsync(Door.Chat(), request => request.Headers.Add("x-use-cache", "false"));

        Assert.Equal(("hit", "0"), (again.Headers["x-cache"], again.Headers["x-credits-charged"]));
        Assert.Equal("miss", other.Headers["x-cache"]);
        Assert.Equal(2, door.Vendor.Requests.Count);
    }

    [Fact]
    public async Task A_key_is_answered_once_byte_for_byte()
    {
        await using var door = await Door.OpenAsync();

        var first = await door.ChatAsync(Door.Chat(), request => request.Headers.Add("Idempotency-Key", "k"));
        var again = await door.ChatAsync(Door.Chat(), request => request.Headers.Add("Idempotency-Key", "k"));
        var mismatch = await door.ChatAsync(Door.Chat("other"), request => request.Headers.Add("Idempotency-Key", "k"));

        Assert.Equal((first.Body.GetRawText(), "true"), (again.Body.GetRawText(), again.Headers["Idempotent-Replayed"]));
        Assert.Equal((422, "idempotency_mismatch"), (mismatch.Status, Error(mismatch, "code")));
        Assert.Single(door.Vendor.Requests);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", 400, "invalid_request", "model")]
    [InlineData("""{"model":"openai-gpt-4.1","messages":[]}""", 400, "invalid_request", "messages")]
    [InlineData("""{"model":"openai-gpt-4.1","messages":[{}],"max_tokens":0}""", 400, "invalid_request", "max_tokens")]
    [InlineData("""{"model":"openai-gpt-4.1","messages":[{}],"n":100}""", 400, "invalid_request", "n")]
    [InlineData("""{"model":"openai-gpt-4.1","messages":[{}],"service_tier":"priority"}""", 400, "invalid_request", "service_tier")]
    [InlineData("""{"model":"no-such-model","messages":[{"role":"user","content":"x"}]}""", 404, "model_not_found", "model")]
    [InlineData("""{"model":"openai-gpt-image-1","messages":[{"role":"user","content":"x"}]}""", 404, "model_not_found", "model")]
    [InlineData("[]", 400, "invalid_request", null)]
    public async Task What_cannot_be_asked_is_refused_in_OpenAIs_form(string body, int status, string code, string? param)
    {
        await using var door = await Door.OpenAsync();

        var reply = await door.App.SendAsync(HttpMethod.Post, "v1/chat/completions?userId=ann", change: request => request.Content = new StringContent(body, null, "application/json"));

        Assert.Equal((status, code, param, "invalid_request_error"), (reply.Status, Error(reply, "code"), Error(reply, "param"), Error(reply, "type")));
        Assert.NotEmpty(Error(reply, "message")!);
        Assert.Empty(door.Vendor.Requests);
    }

    [Fact]
    public async Task A_few_photographs_find_room_in_a_request()
    {
        await using var door = await Door.OpenAsync();
        var photograph = new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = "data:image/jpeg;base64," + new string('A', 3_000_000) } };
        var body = Door.Chat();
        body["messages"]![0]!["content"] = new JsonArray(photograph, photograph.DeepClone(), photograph.DeepClone());

        Assert.Equal(200, (await door.ChatAsync(body)).Status);
        Assert.True(door.Vendor.Requests[0].Body.Length > 9_000_000);
    }

    [Fact]
    public async Task Refusals_from_before_the_function_have_OpenAIs_form_too()
    {
        await using var door = await Door.OpenAsync(("Tests:Environment", "Staging"));

        var nobody = await door.App.PostAsync("v1/chat/completions", Door.Chat());
        var form = await door.App.SendAsync(HttpMethod.Post, "v1/chat/completions", client: door.App.Admin, change: request => request.Content = new StringContent("x"));
        var large = await door.App.PostAsync("v1/chat/completions", Door.Chat(new string('x', 13_000_000)), door.App.Admin);

        Assert.Equal((401, "unauthenticated", "authentication_error"), (nobody.Status, Error(nobody, "code"), Error(nobody, "type")));
        Assert.Equal((415, "unsupported_media_type"), (form.Status, Error(form, "code")));
        Assert.Equal((413, "payload_too_large"), (large.Status, Error(large, "code")));
    }

    [Fact]
    public async Task Limits_and_outages_say_when_to_come_again()
    {
        await using var door = await Door.OpenAsync(("Plans:Items:free:RequestsPerMinute", "1"));
        door.Vendor.Script(model: null, OpenAIStandIn.Error(503, "server_error", null, "Overloaded."));

        var failed = await door.ChatAsync(Door.Chat());
        var limited = await door.ChatAsync(Door.Chat("other"));

        Assert.Equal((503, "provider_busy", "server_error"), (failed.Status, Error(failed, "code"), Error(failed, "type")));
        Assert.Equal((429, "rate_limited", "rate_limit_error"), (limited.Status, Error(limited, "code"), Error(limited, "type")));
        Assert.All([failed, limited], reply => Assert.True(reply.Headers.ContainsKey("Retry-After")));
        Assert.Equal((10m, 0m), await door.CreditsAsync());
    }

    [Fact]
    public async Task Several_choices_share_what_was_reserved()
    {
        await using var door = await Door.OpenAsync();
        var body = Door.Chat();
        body["n"] = 4;

        await door.ChatAsync(body);

        Assert.Equal(512, door.Vendor.Requests[0].Json["max_completion_tokens"]!.GetValue<int>());
    }

    [Fact]
    public async Task Models_are_those_that_can_be_asked()
    {
        await using var door = await Door.OpenAsync();

        var list = await door.App.GetAsync("v1/models?userId=ann");
        var one = await door.App.GetAsync("v1/models/GPT_4_TURBO?userId=ann");
        var missing = await door.App.GetAsync("v1/models/anthropic-claude-haiku-4-5?userId=ann");

        var ids = list.Body.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()).ToList();
        Assert.Equal("list", list.Text("object"));
        Assert.Contains("openai-gpt-4.1", ids);
        Assert.DoesNotContain("anthropic-claude-haiku-4-5", ids);
        Assert.Equal(("openai-gpt-4.1", "model", "openai"), (one.Text("id"), one.Text("object"), one.Text("owned_by")));
        Assert.Equal((404, "model_not_found"), (missing.Status, Error(missing, "code")));
    }

    internal static string? Error(Reply reply, string name) =>
        reply.Body.GetProperty("error").GetProperty(name) is { ValueKind: System.Text.Json.JsonValueKind.String } value ? value.GetString() : null;
}
