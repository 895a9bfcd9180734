using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace ServerlessAi.Simulator.Vendors;

/// <summary>
/// What Stripe knows: sessions, payment intents and refunds, the customers that paying made, and the idempotency keys of docs.stripe.com/api/idempotent_requests: the first answer is kept for
/// 24 hours, the same key with another form is refused. Errors are as docs.stripe.com/api/errors has them.
/// </summary>
/// <param name="time">By which keys are forgotten.</param>
public sealed class StripeBooks(TimeProvider time)
{
    private static readonly TimeSpan KeyLife = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<string, KeptAnswer> keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, JsonObject> objects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> customers = new(StringComparer.Ordinal);
    private int count;

    /// <summary>Declines every charge of a saved card, as <c>tok_chargeCustomerFail</c> does.</summary>
    public bool DeclinesSavedCards { get; set; }

    /// <summary>Sessions, payment intents and refunds by id.</summary>
    public IReadOnlyDictionary<string, JsonObject> Objects => objects;

    /// <summary>Money that charges without the payer took, cents.</summary>
    public long ChargedCents => objects.Values.Where(made => Is(made, "object", "payment_intent") && Is(made, "status", "succeeded") && made["off_session"] is not null).Sum(made => (long)made["amount"]!);

    /// <summary>The payer pays on the page.</summary>
    /// <returns>The session as an event carries it.</returns>
    public JsonObject Pay(string sessionId)
    {
        var session = objects[sessionId];
        lock (session)
        {
            session["status"] = "complete";
            session["payment_status"] = "paid";
            session["payment_intent"] ??= NewId("pi");
            session["customer"] ??= Is(session, "customer_creation", "always") ? NewCustomer() : null;
            var intent = (string)session["payment_intent"]!;
            objects.TryAdd(intent, new JsonObject
            {
                ["id"] = intent,
                ["object"] = "payment_intent",
                ["amount"] = (long)session["amount_total"]!,
                ["amount_received"] = (long)session["amount_total"]!,
                ["currency"] = (string)session["currency"]!,
                ["status"] = "succeeded",
                ["livemode"] = false,
                ["metadata"] = session["metadata"]!.DeepClone(),
            });
            return (JsonObject)session.DeepClone();
        }
    }

    /// <summary>Nobody paid on the page, and nobody can any more.</summary>
    /// <returns>The session as an event carries it.</returns>
    public JsonObject Expire(string sessionId)
    {
        var session = objects[sessionId];
        lock (session)
        {
            session["status"] = "expired";
            return (JsonObject)session.DeepClone();
        }
    }

    /// <summary>Deletes a customer, as somebody may in the dashboard: with a key of the other mode it is as unknown.</summary>
    public void Forget(string customerId) => customers.TryRemove(customerId, out _);

    /// <summary>Answers a request of the API.</summary>
    /// <param name="path">With its first slash, without a query.</param>
    /// <param name="key">The idempotency key; null for none.</param>
    public (int Status, JsonObject Body) Answer(string method, string path, string form, string? key)
    {
        if (method is "GET")
        {
            return Find(path);
        }

        if (key is null)
        {
            return Make(path, form);
        }

        var now = time.GetUtcNow();
        var kept = keys.AddOrUpdate(key, _ => Keep(path, form, now), (_, known) => now - known.At < KeyLife ? known : Keep(path, form, now));
        return string.Equals(kept.Form, form, StringComparison.Ordinal)
            ? kept.Answer.Value
            : Failure(400, "idempotency_error", code: null, "Keys for idempotent requests can only be used with the same parameters they were first used with.");
    }

    /// <summary>The charge of a payment, as events carry it.</summary>
    public static JsonObject ChargeOf(JsonObject intent) => ChargeOf(intent, intent["amount_refunded"] is { } refunded ? (long)refunded : 0);

    private KeptAnswer Keep(string path, string form, DateTimeOffset now) => new(form, now, new Lazy<(int, JsonObject)>(() => Make(path, form)));

    private (int Status, JsonObject Body) Make(string path, string body)
    {
        var form = QueryHelpers.ParseQuery(body).ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal);
        return form.TryGetValue("customer", out var customer) && !customers.ContainsKey(customer) ? NoSuchCustomer(400, customer) : path switch
        {
            "/v1/checkout/sessions" => Keep(Session(form)),
            "/v1/payment_intents" => Charge(form),
            "/v1/refunds" => PayBack(form),
            _ => Failure(404, "invalid_request_error", code: null, "Unrecognized request URL."),
        };
    }

    private JsonObject Session(Dictionary<string, string> form)
    {
        var id = NewId("cs_test");
        return new JsonObject
        {
            ["id"] = id,
            ["object"] = "checkout.session",
            ["amount_total"] = Number(form, "line_items[0][price_data][unit_amount]") * Number(form, "line_items[0][quantity]"),
            ["currency"] = form["line_items[0][price_data][currency]"],
            ["client_reference_id"] = form["client_reference_id"],
            ["customer"] = form.GetValueOrDefault("customer"),
            ["customer_creation"] = form.GetValueOrDefault("customer_creation"),
            ["livemode"] = false,
            ["metadata"] = Metadata(form, "metadata"),
            ["mode"] = form["mode"],
            ["payment_status"] = "unpaid",
            ["status"] = "open",
            ["url"] = "https://checkout.stripe.com/c/pay/" + id,
        };
    }

    private (int Status, JsonObject Body) Charge(Dictionary<string, string> form)
    {
        var intent = new JsonObject
        {
            ["id"] = NewId("pi"),
            ["object"] = "payment_intent",
            ["amount"] = Number(form, "amount"),
            ["amount_received"] = DeclinesSavedCards ? 0 : Number(form, "amount"),
            ["currency"] = form["currency"],
            ["customer"] = form["customer"],
            ["payment_method"] = form["payment_method"],
            ["off_session"] = true,
            ["livemode"] = false,
            ["metadata"] = Metadata(form, "metadata"),
            ["status"] = DeclinesSavedCards ? "requires_payment_method" : "succeeded",
        };
        var (status, kept) = Keep(intent);
        if (!DeclinesSavedCards)
        {
            return (status, kept);
        }

        var (_, body) = Failure(402, "card_error", "card_declined", "Your card was declined.");
        body["error"]!["decline_code"] = "insufficient_funds";
        body["error"]!["payment_intent"] = kept.DeepClone();
        return (402, body);
    }

    private (int Status, JsonObject Body) PayBack(Dictionary<string, string> form)
    {
        if (!objects.TryGetValue(form.GetValueOrDefault("payment_intent", ""), out var intent))
        {
            return Failure(404, "invalid_request_error", "resource_missing", "No such payment_intent.");
        }

        lock (intent)
        {
            var refunded = (intent["amount_refunded"] is { } known ? (long)known : 0) + Number(form, "amount");
            if (refunded > (long)intent["amount"]!)
            {
                return Failure(400, "invalid_request_error", "charge_already_refunded", "Refund amount is greater than unrefunded amount on charge.");
            }

            intent["amount_refunded"] = refunded;
            var refund = new JsonObject
            {
                ["id"] = NewId("re"),
                ["object"] = "refund",
                ["amount"] = Number(form, "amount"),
                ["currency"] = (string)intent["currency"]!,
                ["status"] = "succeeded",
                ["payment_intent"] = (string)intent["id"]!,
                ["charge"] = ChargeOf(intent, refunded),
            };
            return Keep(refund);
        }
    }

    private static JsonObject ChargeOf(JsonObject intent, long refunded) => new()
    {
        ["id"] = "ch_" + (string)intent["id"]!,
        ["object"] = "charge",
        ["amount"] = (long)intent["amount"]!,
        ["amount_refunded"] = refunded,
        ["currency"] = (string)intent["currency"]!,
        ["livemode"] = false,
        ["metadata"] = intent["metadata"]!.DeepClone(),
        ["payment_intent"] = (string)intent["id"]!,
    };

    private (int Status, JsonObject Body) Find(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts is ["v1", "customers", var customer, "payment_methods"])
        {
            return !customers.ContainsKey(customer) ? NoSuchCustomer(404, customer) : (200, new JsonObject { ["object"] = "list", ["data"] = new JsonArray(new JsonObject { ["id"] = "pm_of_" + customer, ["object"] = "payment_method" }) });
        }

        return objects.TryGetValue(parts[^1], out var found) ? (200, Is(found, "object", "payment_intent") ? WithCharge(found) : found) : Failure(404, "invalid_request_error", "resource_missing", "No such object.");
    }

    // As with expand[]=latest_charge; without it there would be the charge's id.
    private static JsonObject WithCharge(JsonObject intent)
    {
        lock (intent)
        {
            var shown = (JsonObject)intent.DeepClone();
            shown["latest_charge"] = ChargeOf(intent);
            return shown;
        }
    }

    private (int Status, JsonObject Body) Keep(JsonObject made)
    {
        objects[(string)made["id"]!] = made;
        return (200, made);
    }

    private static (int Status, JsonObject Body) Failure(int status, string type, string? code, string message) =>
        (status, new JsonObject { ["error"] = new JsonObject { ["type"] = type, ["code"] = code, ["message"] = message } });

    private static (int Status, JsonObject Body) NoSuchCustomer(int status, string customer)
    {
        var (_, body) = Failure(status, "invalid_request_error", "resource_missing", $"No such customer: '{customer}'");
        body["error"]!["param"] = "customer";
        return (status, body);
    }

    private static JsonObject Metadata(Dictionary<string, string> form, string name) =>
        new(form.Where(field => field.Key.StartsWith(name + "[", StringComparison.Ordinal)).Select(field => KeyValuePair.Create(field.Key[(name.Length + 1)..^1], (JsonNode?)field.Value)));

    private static bool Is(JsonObject made, string name, string value) => made[name] is JsonValue known && known.GetValueKind() == JsonValueKind.String && string.Equals((string)known!, value, StringComparison.Ordinal);

    private static long Number(Dictionary<string, string> form, string name) => long.Parse(form[name], CultureInfo.InvariantCulture);

    private string NewCustomer()
    {
        var id = NewId("cus");
        customers[id] = true;
        return id;
    }

    private string NewId(string prefix) => $"{prefix}_{Interlocked.Increment(ref count)}";

    private sealed record KeptAnswer(string Form, DateTimeOffset At, Lazy<(int Status, JsonObject Body)> Answer);
}
