using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ServerlessAi.Simulation.Worlds;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Simulation.Vendors;

/// <summary>
/// Stripe, in a simulated world: it takes money on its pages and without the payer, pays back, and tells of everything by events. It refuses, fails, hangs, and
/// does what it was asked for without its answer arriving. Its books are the witness of what was paid.
/// </summary>
internal sealed class StripeTill
{
    public const string Address = "http://stripe.example";

    // What the app's own client waits, which has no clock of the world.
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PageLife = TimeSpan.FromHours(24);

    private readonly World world;
    private readonly Random random;
    private readonly Dictionary<string, DateTimeOffset> openPages = new(StringComparer.Ordinal);
    private readonly HashSet<string> told = new(StringComparer.Ordinal);
    private bool isCalm;
    private int lastEvent;

    public StripeTill(World world)
    {
        this.world = world;
        random = world.Random("stripe");
        Books = new StripeBooks(world.Time);
        Post = new StripePost(world);
    }

    private enum Trouble
    {
        None,
        NoConnection,
        RateLimited,
        ServerError,
        AnswerLost,
        AnswerTooLate,
        Last,
    }

    public StripeBooks Books { get; }

    public StripePost Post { get; }

    /// <summary>Disputes by the id of their payment; <c>won</c>, <c>lost</c>, or <c>needs_response</c>.</summary>
    public SortedDictionary<string, JsonObject> Disputes { get; } = new(StringComparer.Ordinal);

    /// <summary>Payments that took money, with or without the payer.</summary>
    public IEnumerable<JsonObject> Payments => Books.Objects.Values
        .Where(made => (string?)made["object"] == "payment_intent" && (string?)made["status"] == "succeeded").OrderBy(made => (string)made["id"]!, StringComparer.Ordinal);

    /// <summary>By the id of a payment without the payer: how many requests had been sent when it was asked for first.</summary>
    public Dictionary<string, int> AskedFor { get; } = new(StringComparer.Ordinal);

    /// <summary>Everything succeeds from now on, and events arrive.</summary>
    public void Calm()
    {
        isCalm = true;
        Post.Calm();
    }

    public HttpMessageHandler HandlerOf(Machine machine) => new Handler(this, machine);

    /// <summary>The payer pays on the page, if it can still be paid on.</summary>
    public void Pay(string sessionId)
    {
        ExpirePages();
        if (!openPages.Remove(sessionId))
        {
            return;
        }

        var session = Books.Pay(sessionId);
        world.Note($"stripe: {sessionId} is paid");
        Tell("payment_intent.succeeded", Books.Objects[(string)session["payment_intent"]!]);
        Tell("checkout.session.completed", session);
    }

    /// <summary>The payer's bank takes the money back, until the dispute is closed.</summary>
    public void OpenDispute(JsonObject payment)
    {
        var id = (string)payment["id"]!;
        if (Disputes.ContainsKey(id))
        {
            return;
        }

        Disputes[id] = new JsonObject
        {
            ["id"] = "dp_" + id,
            ["object"] = "dispute",
            ["amount"] = (long)payment["amount"]! - ((long?)payment["amount_refunded"] ?? 0),
            ["currency"] = (string)payment["currency"]!,
            ["livemode"] = false,
            ["metadata"] = new JsonObject(),
            ["payment_intent"] = id,
            ["status"] = "needs_response",
        };
        world.Note($"stripe: {id} is disputed");
        Tell("charge.dispute.created", Disputes[id]);
    }

    public void CloseDispute(JsonObject dispute, bool isWon)
    {
        dispute["status"] = isWon ? "won" : "lost";
        world.Note($"stripe: the dispute of {(string)dispute["payment_intent"]!} is {(string)dispute["status"]!}");
        Tell("charge.dispute.closed", dispute);
    }

    private async Task<HttpResponseMessage> AnswerAsync(Machine machine, HttpRequestMessage request, CancellationToken gone)
    {
        var form = request.Content is null ? "" : await request.Content.ReadAsStringAsync(CancellationToken.None);
        var key = request.Headers.TryGetValues("Idempotency-Key", out var keys) ? keys.Single() : null;
        var trouble = isCalm || random.NextDouble() >= TroubleShareOf(request) ? Trouble.None : (Trouble)random.Next(1, (int)Trouble.Last);
        await machine.PassAsync();
        world.Note($"stripe: {request.Method} {request.RequestUri!.AbsolutePath} {key} from {machine.Number}: {trouble}");
        if (request.RequestUri.AbsolutePath == "/v1/payment_intents")
        {
            world.Coverage.Add($"charge without the payer{(isCalm ? "" : " in hard times")}: {trouble}");
        }

        if (trouble == Trouble.NoConnection)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused.");
        }

        var (status, body) = trouble switch
        {
            Trouble.RateLimited => (429, Failure("rate_limit")),
            Trouble.ServerError => (500, Failure(code: null)),
            _ => Work(request.Method.Method, request.RequestUri.AbsolutePath, form, key),
        };
        // As it is now: what is made here changes later.
        var text = body.ToJsonString();
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 3_000)), world.Time, gone);
        await machine.PassAsync();
        switch (trouble)
        {
            case Trouble.AnswerLost:
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.");
            case Trouble.AnswerTooLate:
                await Task.Delay(ClientPatience, world.Time, gone);
                await machine.PassAsync();
                throw new TaskCanceledException("The request was canceled due to the configured HttpClient.Timeout.");
            default:
                return new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
        }
    }

    // Nobody sees a charge without the payer: there an answer that is lost costs most, and there are few of them.
    private double TroubleShareOf(HttpRequestMessage request) =>
        world.Plan.ProviderTroubleShare is > 0 and var share && request.RequestUri!.AbsolutePath == "/v1/payment_intents" ? Math.Max(share, 0.5) : world.Plan.ProviderTroubleShare;

    private (int Status, JsonObject Body) Work(string method, string path, string form, string? key)
    {
        ExpirePages();
        if (path == "/v1/refunds" && Disputes.Any(dispute => (string)dispute.Value["status"]! != "won" && form.Contains($"payment_intent={dispute.Key}&", StringComparison.Ordinal)))
        {
            return (400, Failure("charge_disputed"));
        }

        Books.DeclinesSavedCards = !isCalm && random.Next(4) == 0;
        var (status, body) = Books.Answer(method, path, form, key);
        var made = body["error"]?["payment_intent"] as JsonObject ?? body;
        // Asked for again it is the same, and was told of.
        if (method == "POST" && made["id"] is { } id && told.Add((string)id!))
        {
            TellOf((string)made["object"]!, made);
        }

        return (status, body);
    }

    private void TellOf(string kind, JsonObject made)
    {
        switch (kind)
        {
            case "checkout.session":
                openPages[(string)made["id"]!] = world.Time.GetUtcNow();
                break;
            case "payment_intent":
                AskedFor[(string)made["id"]!] = world.Exchanges.Count;
                Tell((string)made["status"]! == "succeeded" ? "payment_intent.succeeded" : "payment_intent.payment_failed", made);
                break;
            case "refund":
                Tell("charge.refunded", StripeBooks.ChargeOf(Books.Objects[(string)made["payment_intent"]!]));
                break;
        }
    }

    private void ExpirePages()
    {
        foreach (var (session, _) in openPages.Where(page => page.Value + PageLife <= world.Time.GetUtcNow()).OrderBy(page => page.Key, StringComparer.Ordinal).ToList())
        {
            openPages.Remove(session);
            Tell("checkout.session.expired", Books.Expire(session));
        }
    }

    private void Tell(string type, JsonObject of) => Post.Send(new JsonObject
    {
        ["id"] = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"evt_{++lastEvent}"),
        ["object"] = "event",
        ["type"] = type,
        ["livemode"] = false,
        ["data"] = new JsonObject { ["object"] = of.DeepClone() },
    }.ToJsonString());

    private static JsonObject Failure(string? code) => new() { ["error"] = new JsonObject { ["type"] = "api_error", ["code"] = code, ["message"] = "Not now." } };

    private sealed class Handler(StripeTill till, Machine machine) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => till.AnswerAsync(machine, request, cancellationToken);
    }
}
