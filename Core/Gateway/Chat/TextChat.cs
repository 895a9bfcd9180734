using System.Text.Json.Nodes;
using ServerlessAi.Providers;
using ServerlessAi.Providers.Text;

namespace ServerlessAi;

/// <summary>One prompt as a chat completion, so that it streams the same way.</summary>
internal static class TextChat
{
    public static ChatCall Of(TextCall call, int inputTokens, ChatRelay relay)
    {
        var messages = new JsonArray();
        if (call.System is { Length: > 0 } system)
        {
            messages.Add(new JsonObject { ["role"] = "system", ["content"] = system });
        }

        messages.Add(new JsonObject { ["role"] = "user", ["content"] = call.Prompt });
        var body = new JsonObject { ["messages"] = messages };
        if (call.Temperature is { } temperature)
        {
            body["temperature"] = temperature;
        }

        return new ChatCall(call.Model, ChatBody.For(body, call.Model, call.MaxOutputTokens, stream: true), call.MaxOutputTokens, inputTokens) { Relay = relay };
    }

    public static ProviderOutcome<TextResult> Read(ProviderOutcome<ChatResult> outcome)
    {
        if (outcome.Value is not { } result)
        {
            return outcome.As<TextResult>();
        }

        var choice = (JsonNode.Parse(result.Json)?["choices"] as JsonArray)?.FirstOrDefault() as JsonObject;
        var (text, reason) = (ChatJson.Text(choice?["message"]?["content"]) ?? "", ChatJson.Text(choice?["finish_reason"]));
        return text.Length == 0 && reason is not "length"
            ? ProviderOutcome<TextResult>.Failed(ProviderFailure.ContentRefused, "The answer has no text.")
            : outcome.As(new TextResult(text, reason ?? (result.IsPartial ? "error" : "stop"), result.Usage) { IsPartial = result.IsPartial });
    }
}
