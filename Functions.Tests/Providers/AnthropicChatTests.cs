using System.Text;
using System.Text.Json.Nodes;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;
using ServerlessAi.Simulator.Vendors;
using static ServerlessAi.Simulator.Vendors.AnthropicStandIn;

namespace ServerlessAi.Tests.Providers;

/// <summary>Chat completions in OpenAI's form, translated to the Messages API and back.</summary>
public sealed class AnthropicChatTests : IAsyncLifetime
{
    private AnthropicStandIn vendor = null!;
    private ProviderWorld world = null!;

    public async Task InitializeAsync()
    {
        vendor = await AnthropicStandIn.StartAsync();
        world = await ProviderWorld.StartAsync(settings: [("Providers:Text:anthropic:ApiKey", ApiKey), ("Providers:Text:anthropic:BaseUrl", vendor.BaseUrl)]);
    }

    public async Task DisposeAsync()
    {
        await world.DisposeAsync();
        await vendor.DisposeAsync();
    }

    [Fact]
    public async Task A_conversation_with_pictures_and_tools_is_said_in_the_vendors_words()
    {
        await ForwardAsync("""
            {
              "messages": [
                { "role": "developer", "content": "Be brief." },
                { "role": "user", "content": [{ "type": "text", "text": "What is it?" }, { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } },
                  { "type": "image_url", "image_url": { "url": "https://example.com/fox.png" } }] },
                { "role": "assistant", "content": "", "tool_calls": [{ "id": "call_1", "type": "function", "function": { "name": "look", "arguments": "{\"at\":\"it\"}" } },
                  { "id": "call_2", "type": "function", "function": { "name": "look", "arguments": "" } }] },
                { "role": "tool", "tool_call_id": "call_1", "content": "A fox." },
                { "role": "tool", "tool_call_id": "call_2", "content": [{ "type": "text", "text": "Another." }] },
                { "role": "system", "content": "In French." }, { "role": "user", "content": "And?" }
              ],
              "tools": [{ "type": "function", "function": { "name": "look", "description": "Looks.", "strict": true, "parameters": { "type": "object" } } }, { "type": "function", "function": { "name": "nod" } }],
              "tool_choice": "required", "parallel_tool_calls": false, "stop": ["END", " "], "response_format": { "type": "json_schema", "json_schema": { "name": "x", "schema": { "type": "object" } } },
              "user": "ann", "seed": 7, "logit_bias": {}
            }
            """);

        var expected = JsonNode.Parse("""
            {
              "model": "claude-haiku-4-5", "max_tokens": 100, "system": "Be brief.\nIn French.",
              "messages": [
                { "role": "user", "content": [{ "type": "text", "text": "What is it?" }, { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "AAAA" } },
                  { "type": "image", "source": { "type": "url", "url": "https://example.com/fox.png" } }] },
                { "role": "assistant", "content": [{ "type": "tool_use", "id": "call_1", "name": "look", "input": { "at": "it" } }, { "type": "tool_use", "id": "call_2", "name": "look", "input": {} }] },
                { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "call_1", "content": [{ "type": "text", "text": "A fox." }] },
                  { "type": "tool_result", "tool_use_id": "call_2", "content": [{ "type": "text", "text": "Another." }] }, { "type": "text", "text": "And?" }] }
              ],
              "tools": [{ "name": "look", "input_schema": { "type": "object" }, "description": "Looks.", "strict": true }, { "name": "nod", "input_schema": { "type": "object", "properties": {} } }],
              "tool_choice": { "type": "any", "disable_parallel_tool_use": true }, "stop_sequences": ["END"],
              "output_config": { "format": { "type": "json_schema", "schema": { "type": "object" } } }
            }
            """);
        Assert.True(JsonNode.DeepEquals(expected, Assert.Single(vendor.Requests).Json), vendor.Requests[0].Body);
    }

    [Theory]
    [InlineData("\"auto\"", """{"type":"auto"}""")]
    [InlineData("\"none\"", """{"type":"none"}""")]
    [InlineData("""{"type":"function","function":{"name":"look"}}""", """{"type":"tool","name":"look"}""")]
    public async Task The_choice_of_tools_has_the_vendors_names(string choice, string expected)
    {
        await ForwardAsync($$"""{ "tools": [{ "type": "function", "function": { "name": "look" } }], "tool_choice": {{choice}} }""");
        Assert.Equal(expected, vendor.Requests[0].Json["tool_choice"]!.ToJsonString());
    }

    [Fact]
    public async Task Sampling_is_sent_with_the_version_that_takes_it()
    {
        await ForwardAsync("""{ "temperature": 1.5, "top_p": 0.9 }""");
        var request = vendor.Requests[0];
        Assert.Equal(("2023-06-01", 1, 0.9), (request.Headers["anthropic-version"], request.Json["temperature"]!.GetValue<double>(), request.Json["top_p"]!.GetValue<double>()));
    }

    [Theory]
    [InlineData("""{ "n": 2 }""")]
    [InlineData("""{ "functions": [{ "name": "look" }] }""")]
    [InlineData("""{ "tools": [{ "type": "custom", "custom": { "name": "look" } }] }""")]
    [InlineData("""{ "messages": [{ "role": "user", "content": [{ "type": "input_audio", "input_audio": { "data": "AAAA", "format": "wav" } }] }] }""")]
    [InlineData("""{ "messages": [{ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": "http://example.com/fox.png" } }] }] }""")]
    [InlineData("""{ "messages": [{ "role": "function", "name": "look", "content": "A fox." }] }""")]
    [InlineData("""{ "messages": [{ "role": "assistant", "tool_calls": [{ "id": "1", "type": "function", "function": { "name": "look", "arguments": "[" } }] }] }""")]
    [InlineData("""{ "messages": [{ "role": "assistant", "tool_calls": [{ "id": "1", "type": "custom" }] }] }""")]
    public async Task What_cannot_be_said_is_not_sent_and_another_model_may_be_asked(string body)
    {
        var outcome = await ForwardAsync(body);
        Assert.Equal((ProviderFailure.Unsupported, true, false), (outcome.Failure, outcome.Failure!.Value.AllowsFallback(), outcome.Failure.Value.MayHaveCost()));
        Assert.Empty(vendor.Requests);
    }

    [Fact]
    public async Task An_answer_comes_back_as_a_chat_completion()
    {
        var result = (await ForwardAsync()).Value!;

        Assert.Equal(new TokenUsage(16, 8, 4), result.Usage);
        Assert.Equal(
            $$$$"""
            {"id":"msg_013Zva2CMHLNnXjNJJKqJ2EF","object":"chat.completion","created":{{{{world.Time.GetUtcNow().ToUnixTimeSeconds()}}}},"model":"claude-standin",
            "choices":[{"index":0,"message":{"role":"assistant","content":"Hello from the stand-in.","refusal":null},"logprobs":null,"finish_reason":"stop"}],
            "usage":{"prompt_tokens":16,"completion_tokens":8,"total_tokens":24,"prompt_tokens_details":{"cached_tokens":4}}}
            """.ReplaceLineEndings(""),
            result.Json);
    }

    [Fact]
    public async Task A_tool_call_comes_back_with_its_arguments_whole_or_streamed()
    {
        const string Tools = """{ "tools": [{ "type": "function", "function": { "name": "look" } }] }""";
        foreach (var json in new[] { (await ForwardAsync(Tools)).Value!.Json, (await StreamAsync(Tools)).Result.Value!.Json })
        {
            var choice = JsonNode.Parse(json)!["choices"]![0]!;
            var call = choice["message"]!["tool_calls"]![0]!;
            Assert.Equal(("tool_calls", "look", "foxes"), (choice["finish_reason"]!.GetValue<string>(), call["function"]!["name"]!.GetValue<string>(),
                JsonNode.Parse(call["function"]!["arguments"]!.GetValue<string>())!["what"]!.GetValue<string>()));
        }
    }

    [Fact]
    public async Task A_stream_comes_in_chunks_without_the_pings_and_its_counts_add_up_from_both_ends()
    {
        var (result, chunks) = await StreamAsync();

        Assert.Equal(new TokenUsage(16, 8, 4), result.Value!.Usage);
        Assert.Equal("Hello from the stand-in.", string.Concat(chunks.Select(chunk => chunk["choices"]![0]!["delta"]!["content"]?.GetValue<string>())));
        Assert.Equal(("assistant", "stop"), (chunks[0]["choices"]![0]!["delta"]!["role"]!.GetValue<string>(), chunks[^1]["choices"]![0]!["finish_reason"]!.GetValue<string>()));
        Assert.All(chunks, chunk => Assert.Equal(("chat.completion.chunk", false), (chunk["object"]!.GetValue<string>(), chunk.AsObject().ContainsKey("usage"))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_error_before_the_first_word_leaves_room_for_another_model(int place)
    {
        vendor.Script(null, (AnthropicStream.Of("Hello there.") with { ErrorAt = place }).ToBehaviour());
        var (result, chunks) = await StreamAsync();
        Assert.Equal((ProviderFailure.Overloaded, 0), (result.Failure, chunks.Count));
    }

    [Fact]
    public async Task A_break_after_the_first_word_leaves_what_was_said()
    {
        vendor.Script(null, (AnthropicStream.Of("Hello there.") with { BreakBefore = 4 }).ToBehaviour());
        var (result, _) = await StreamAsync();
        Assert.True(result.Value!.IsPartial);
        Assert.Equal("Hello", JsonNode.Parse(result.Value.Json)!["choices"]![0]!["message"]!["content"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_stream_that_is_refused_before_it_speaks_is_refused_and_one_that_has_spoken_ends_with_the_reason()
    {
        vendor.Script(
            null, (AnthropicStream.Of("") with { Words = [], StopReason = "refusal" }).ToBehaviour(), (AnthropicStream.Of("Well, then") with { StopReason = "refusal" }).ToBehaviour());
        Assert.Equal(ProviderFailure.ContentRefused, (await StreamAsync()).Result.Failure);
        Assert.Equal("content_filter", (await StreamAsync()).Chunks[^1]["choices"]![0]!["finish_reason"]!.GetValue<string>());
    }

    private Task<ProviderOutcome<ChatResult>> ForwardAsync(string body = "{}", ChatRelay? relay = null)
    {
        var asked = JsonNode.Parse(body)!.AsObject();
        asked["messages"] ??= new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Say hello." });
        asked["max_completion_tokens"] = 100;
        return world.Registry.Text("anthropic")!.ForwardAsync(new ChatCall("claude-haiku-4-5", asked, 100, InputTokens: 20) { Relay = relay }, CancellationToken.None);
    }

    private async Task<(ProviderOutcome<ChatResult> Result, List<JsonNode> Chunks)> StreamAsync(string body = "{}")
    {
        var chunks = new List<JsonNode>();
        using var relay = new ChatRelay(
            (json, _) =>
            {
                chunks.Add(JsonNode.Parse(Encoding.UTF8.GetString(json.Span))!);
                return ValueTask.CompletedTask;
            },
            new StreamOptions(), TimeSpan.FromMinutes(1), world.Time, CancellationToken.None);
        return (await ForwardAsync(body, relay), chunks);
    }
}
