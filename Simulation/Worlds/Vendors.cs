using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Simulation.Worlds;

/// <summary>
/// OpenAI and fal.ai of a simulated world, in the vendors' wire formats. They succeed, take long, fail before or after the work is done, say nothing or
/// nonsense about usage; and they keep books of their own, against which the app's are checked.
/// </summary>
internal sealed class Vendors(World world)
{
    public const string OpenAIAddress = "http://openai.example/v1";
    public const string FalAddress = "http://localhost/fal";

    private const int InputTokens = 10;

    // Fewer than the app estimates from the length of the answer, where the vendor does not say.
    private const int OutputTokens = 5;
    private static readonly string Picture = Convert.ToBase64String(VendorStandIn.Picture.Span);

    private readonly Random random = world.Random("vendors");
    private bool isCalm;

    public List<VendorCall> Calls { get; } = [];

    /// <summary>Every call succeeds from now on.</summary>
    public void Calm() => isCalm = true;

    public HttpMessageHandler HandlerOf(Machine machine) => new Handler(this, machine);

    private async Task<HttpResponseMessage> AnswerAsync(Machine machine, HttpRequestMessage request, CancellationToken gone)
    {
        var path = request.RequestUri!.AbsolutePath;
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(CancellationToken.None);
        var isImage = path.EndsWith("/images/generations", StringComparison.Ordinal) || path.StartsWith("/fal/", StringComparison.Ordinal);
        var model = path.StartsWith("/fal/", StringComparison.Ordinal) ? path["/fal/".Length..] : JsonNode.Parse(body)!["model"]!.GetValue<string>();
        var trouble = isCalm || random.NextDouble() >= world.Plan.ProviderTroubleShare ? Trouble.None : (Trouble)random.Next(1, (int)Trouble.Last);
        var call = new VendorCall(Calls.Count + 1, Exchange.Current ?? throw new InvalidOperationException("A provider was called outside of any request."), machine.Number, model);
        Calls.Add(call);
        world.Note($"vendor call {call.Number} for {call.Exchange.Number} from {machine.Number}: {model} {trouble}");
        await world.Books.CheckCallAsync(call);
        await machine.PassAsync();
        if (trouble == Trouble.NoConnection)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused.");
        }

        var (status, json) = Work(call, trouble, isImage);
        await Task.Delay(Duration(trouble), world.Time, gone);
        await machine.PassAsync();
        if (trouble is Trouble.BrokenBefore or Trouble.BrokenAfter)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
        }

        // As a connection gives it: to be read once, forwards.
        var stream = PipeReader.Create(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json))).AsStream();
        return new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(stream) { Headers = { ContentType = new("application/json") } } };
    }

    private enum Trouble
    {
        None,
        NoConnection,
        Overloaded,
        RateLimited,
        ServerError,
        BrokenBefore,
        BrokenAfter,
        Slow,
        Hanging,
        HangingAfterWork,
        Garbage,
        NoUsage,
        AbsurdUsage,
        ZeroUsage,
        Invalid,
        Refused,
        Last,
    }

    /// <summary>Does the work, or not, writes it into the vendor's books, and says what is answered.</summary>
    private static (int Status, string Json) Work(VendorCall call, Trouble trouble, bool isImage)
    {
        switch (trouble)
        {
            case Trouble.Overloaded:
                return (503, Error("server_error", "overloaded", "The engine is currently overloaded."));
            case Trouble.RateLimited:
                return (429, Error("requests", "rate_limit_exceeded", "Rate limit reached."));
            case Trouble.ServerError:
                return (500, Error("server_error", code: null, "The server had an error while processing your request."));
            case Trouble.Invalid:
                return (400, Error("invalid_request_error", "invalid_value", "Invalid value."));
            case Trouble.Refused:
                return (400, Error("image_generation_user_error", "moderation_blocked", "Your request was rejected by the safety system."));
            case Trouble.BrokenBefore or Trouble.Hanging:
                return (500, "");
        }

        call.Succeeded = true;
        call.BilledNanoUsd = trouble is Trouble.AbsurdUsage or Trouble.ZeroUsage ? 0 : Bill(call.Model, isImage);
        return (200, trouble == Trouble.Garbage ? """{"choices":[{"mess""" : isImage ? Image(call.Model) : Chat(call, trouble));
    }

    private TimeSpan Duration(Trouble trouble) => trouble switch
    {
        Trouble.Slow => TimeSpan.FromMilliseconds(random.Next(5_000, 58_000)),
        Trouble.Hanging or Trouble.HangingAfterWork => TimeSpan.FromMinutes(10),
        _ => TimeSpan.FromMilliseconds(random.Next(50, 4_000)),
    };

    private static string Chat(VendorCall call, Trouble trouble) => new JsonObject
    {
        ["id"] = $"chatcmpl-{call.Number}",
        ["object"] = "chat.completion",
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["finish_reason"] = "stop",
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = $"Answer {call.Number} of {call.Model}." },
        }),
        ["usage"] = trouble switch
        {
            Trouble.NoUsage => null,
            Trouble.AbsurdUsage => Usage(7_000_000_000, call.Number % 2 == 0 ? -5 : 9_000_000_000),
            Trouble.ZeroUsage => Usage(0, 0),
            _ => Usage(InputTokens, OutputTokens),
        },
    }.ToJsonString();

    private static JsonObject Usage(long input, long output) =>
        new() { ["prompt_tokens"] = input, ["completion_tokens"] = output, ["total_tokens"] = input + output };

    private static string Image(string model) => model.StartsWith("gpt-image", StringComparison.Ordinal)
        ? new JsonObject { ["data"] = new JsonArray(new JsonObject { ["b64_json"] = Picture }) }.ToJsonString()
        : new JsonObject { ["images"] = new JsonArray(new JsonObject { ["url"] = $"data:image/png;base64,{Picture}" }) }.ToJsonString();

    private static string Error(string type, string? code, string message) =>
        new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["code"] = code }, ["detail"] = message }.ToJsonString();

    // USD per million tokens is nano-USD per thousandth of a token.
    private static long Bill(string model, bool isImage)
    {
        var price = ShippedCatalog.Models.Single(entry => entry.ModelName == model).Prices[^1];
        return isImage
            ? (long)(price.ImagePrice * Money.NanoPerUsd)
            : (long)((InputTokens * price.InputPrice + OutputTokens * price.OutputPrice) * 1_000);
    }

    private sealed class Handler(Vendors vendors, Machine machine) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            vendors.AnswerAsync(machine, request, cancellationToken);
    }

    /// <summary>Gives the app clients that reach the vendors of its world.</summary>
    internal sealed class Factory(HttpMessageHandler handler) : IHttpClientFactory
    {
        public HttpClient CreateClient(string name) => new(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
