using System.Net;
using System.Text.Json.Nodes;
using ServerlessAi.Pricing;
using ServerlessAi.Primitives;
using ServerlessAi.Simulation.People;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Vendors;

/// <summary>
/// The vendors of a simulated world: OpenAI with streams and embeddings, fal.ai, Tavily and Exa. They succeed, take long, fail before or after the work is
/// done or in the middle of it, say nothing or nonsense about usage; and they keep books of their own, against which the app's are checked.
/// </summary>
internal sealed class VendorRow(World world)
{
    public const string OpenAIAddress = "http://openai.example/v1";
    public const string FalAddress = "http://localhost/fal";
    public const string TavilyAddress = "http://tavily.example";
    public const string ExaAddress = "http://exa.example";

    private readonly Random random = world.Random("vendors");
    private bool isCalm;

    public List<VendorCall> Calls { get; } = [];

    /// <summary>Every call succeeds from now on.</summary>
    public void Calm() => isCalm = true;

    public HttpMessageHandler HandlerOf(Machine machine) => new Handler(this, machine);

    private async Task<HttpResponseMessage> AnswerAsync(Machine machine, HttpRequestMessage request, CancellationToken gone)
    {
        var (wish, model) = await ReadAsync(request);
        var trouble = Draw(wish);
        var call = new VendorCall(Calls.Count + 1, Exchange.Current ?? throw new InvalidOperationException("A provider was called outside of any request."), machine.Number, wish, model);
        Calls.Add(call);
        world.Note($"vendor call {call.Number} for {call.Exchange.Number} from {machine.Number}: {wish} {model} {trouble}");
        await world.Books.CheckCallAsync(call);
        await machine.PassAsync();
        if (trouble == Trouble.NoConnection)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused.");
        }

        var (status, json) = Work(call, trouble);
        await Task.Delay(Duration(trouble), world.Time, gone);
        await machine.PassAsync();
        if (trouble is Trouble.BrokenBefore or Trouble.BrokenAfter)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
        }

        var isStream = wish == Wish.Stream && status == 200 && trouble != Trouble.Garbage;
        var body = new VendorBody(isStream ? Pieces(call, trouble) : [new(TimeSpan.Zero, json)], machine, world.Time);
        var type = isStream ? "text/event-stream" : "application/json";
        return new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(body) { Headers = { ContentType = new(type) } } };
    }

    private static async Task<(Wish Wish, string Model)> ReadAsync(HttpRequestMessage request)
    {
        var address = request.RequestUri!.AbsoluteUri;
        if (address.StartsWith(FalAddress, StringComparison.Ordinal))
        {
            return (Wish.Image, address[(FalAddress.Length + 1)..]);
        }

        if (address.StartsWith(TavilyAddress, StringComparison.Ordinal) || address.StartsWith(ExaAddress, StringComparison.Ordinal))
        {
            return (Wish.Search, address.StartsWith(ExaAddress, StringComparison.Ordinal) ? "exa-search" : "search");
        }

        var body = JsonNode.Parse(await request.Content!.ReadAsStringAsync(CancellationToken.None))!;
        var wish = address[OpenAIAddress.Length..] switch
        {
            "/images/generations" => Wish.Image,
            "/embeddings" => Wish.Embedding,
            "/chat/completions" => body["stream"]?.GetValue<bool>() == true ? Wish.Stream : Wish.Chat,
            var path => throw new InvalidOperationException($"No vendor of this world serves '{path}'."),
        };
        return (wish, body["model"]!.GetValue<string>());
    }

    private Trouble Draw(Wish wish)
    {
        if (isCalm || random.NextDouble() >= world.Plan.ProviderTroubleShare)
        {
            return Trouble.None;
        }

        return wish == Wish.Stream && random.Next(2) == 0
            ? (Trouble)random.Next((int)Trouble.BreaksOff, (int)Trouble.Last)
            : (Trouble)random.Next(1, (int)Trouble.BreaksOff);
    }

    /// <summary>Does the work, or not, writes it into the vendor's books, and says what is answered.</summary>
    private static (int Status, string Json) Work(VendorCall call, Trouble trouble)
    {
        switch (trouble)
        {
            case Trouble.Overloaded:
                return (503, VendorAnswers.Error("server_error", "overloaded", "The engine is currently overloaded."));
            case Trouble.RateLimited:
                return (429, VendorAnswers.Error("requests", "rate_limit_exceeded", "Rate limit reached."));
            case Trouble.ServerError:
                return (500, VendorAnswers.Error("server_error", code: null, "The server had an error while processing your request."));
            case Trouble.Invalid:
                return (400, VendorAnswers.Error("invalid_request_error", "invalid_value", "Invalid value."));
            case Trouble.Refused:
                return (400, VendorAnswers.Error("image_generation_user_error", "moderation_blocked", "Your request was rejected by the safety system."));
            case Trouble.BrokenBefore or Trouble.Hanging:
                return (500, "");
        }

        call.Succeeded = true;
        // Of a stream all that was to be said, whether or not it got that far: nobody else can know.
        call.BilledNanoUsd = trouble is Trouble.AbsurdUsage or Trouble.ZeroUsage && call.Wish is not (Wish.Image or Wish.Search) ? 0 : Bill(call);
        return (200, VendorAnswers.Of(call, trouble));
    }

    private IEnumerable<VendorBody.Piece> Pieces(VendorCall call, Trouble trouble)
    {
        var chunks = VendorAnswers.Chunks(call, trouble);
        var place = trouble >= Trouble.BreaksOff ? random.Next(chunks.Count) : chunks.Count;
        List<VendorBody.Piece> pieces = [.. chunks.Take(place).Select(chunk => new VendorBody.Piece(Between(trouble), $"data: {chunk}\n\n"))];
        switch (trouble)
        {
            case Trouble.BreaksOff:
                pieces.Add(new(Between(trouble), Text: null));
                break;
            case Trouble.FallsSilent:
                pieces.Add(new(TimeSpan.FromMinutes(10), ": too late\n\n"));
                break;
            case Trouble.ReportsAnError:
                pieces.Add(new(Between(trouble), $"data: {VendorAnswers.Error("server_error", code: null, "The server had an error.")}\n\n"));
                // It was none of the vendor's work as long as nothing had come of it.
                call.BilledNanoUsd = place <= 1 ? 0 : call.BilledNanoUsd;
                break;
            case Trouble.TurnsToGarbage:
                pieces.Add(new(Between(trouble), "data: {\"choices\":[{\"del\n\n"));
                break;
        }

        return pieces;
    }

    private TimeSpan Between(Trouble trouble) => TimeSpan.FromMilliseconds(trouble == Trouble.Slow ? random.Next(500, 9_000) : random.Next(1, 600));

    private TimeSpan Duration(Trouble trouble) => trouble switch
    {
        Trouble.Slow => TimeSpan.FromMilliseconds(random.Next(5_000, 58_000)),
        Trouble.Hanging or Trouble.HangingAfterWork => TimeSpan.FromMinutes(10),
        _ => TimeSpan.FromMilliseconds(random.Next(50, 4_000)),
    };

    // USD per million tokens is nano-USD per thousandth of a token.
    private static long Bill(VendorCall call)
    {
        var price = ShippedCatalog.Models.Single(entry => entry.ModelName == call.Model).Prices[^1];
        return call.Wish switch
        {
            Wish.Image => (long)(price.ImagePrice * Money.NanoPerUsd),
            Wish.Search => (long)(price.CallPrice * Money.NanoPerUsd),
            Wish.Embedding => (long)(VendorAnswers.EmbeddedTokens * price.InputPrice * 1_000),
            _ => (long)((VendorAnswers.InputTokens * price.InputPrice + VendorAnswers.OutputTokens * price.OutputPrice) * 1_000),
        };
    }

    private sealed class Handler(VendorRow vendors, Machine machine) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            vendors.AnswerAsync(machine, request, cancellationToken);
    }
}
