using System.Text.Json.Nodes;
using ServerlessAi.Providers.Text;

namespace ServerlessAi.Tests.OpenAI;

public sealed class ChatAssemblyTests
{
    [Fact]
    public void Pieces_of_tool_calls_and_members_that_nobody_knows_come_together()
    {
        var assembly = new ChatAssembly();
        foreach (var chunk in new[]
        {
            """{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":1,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"look","arguments":""}}]},"finish_reason":null}]}""",
            """{"id":"c","choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"at\""}}]}}]}""",
            """{"id":"c","choices":[{"index":1,"delta":{"tool_calls":[{"index":0,"function":{"arguments":":1}"}},{"index":1,"id":"call_2","type":"function","function":{"name":"run","arguments":"{}"}}]}}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"Hé","reasoning_content":"Well"},"logprobs":{"content":[{"token":"Hé"}]}}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{"content":"llo","reasoning_content":", hm"},"logprobs":{"content":[{"token":"llo"}]}}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{},"finish_reason":"tool_calls"}]}""",
            """{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}""",
        })
        {
            assembly.Add(ChatJson.Parse(chunk)!);
        }

        var expected = JsonNode.Parse("""
            {
              "id": "c", "object": "chat.completion", "model": "m",
              "choices": [
                { "index": 0, "message": { "role": "assistant", "content": "Héllo", "reasoning_content": "Well, hm" }, "finish_reason": "stop",
                  "logprobs": { "content": [{ "token": "Hé" }, { "token": "llo" }] } },
                { "index": 1, "finish_reason": "tool_calls", "message": { "role": "assistant", "content": null, "tool_calls": [
                  { "id": "call_1", "type": "function", "function": { "name": "look", "arguments": "{\"at\":1}" } },
                  { "id": "call_2", "type": "function", "function": { "name": "run", "arguments": "{}" } }] } }
              ],
              "usage": { "prompt_tokens": 1, "completion_tokens": 2 }
            }
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(assembly.ToJson())), assembly.ToJson());
        Assert.True(assembly.IsFinished);
    }

    [Fact]
    public void A_whole_answer_that_is_cut_and_put_together_again_is_the_same()
    {
        const string Answer = """
            {"id":"c","object":"chat.completion","created":1,"model":"m","system_fingerprint":"f","choices":[{"index":0,"message":{"role":"assistant","content":"A text of several words, long enough for a second piece of it, and with an emoji 🦊 in it."},"logprobs":{"content":[{"token":"A"}]},"finish_reason":"length"}]}
            """;
        var assembly = new ChatAssembly();

        foreach (var chunk in ChatChunks.Of(Answer))
        {
            assembly.Add(chunk);
        }

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Answer), JsonNode.Parse(assembly.ToJson())), assembly.ToJson());
    }
}
