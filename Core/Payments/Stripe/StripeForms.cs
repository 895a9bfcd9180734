using System.Globalization;
using ServerlessAi.Payments.Orders;

namespace ServerlessAi.Payments.Stripe;

/// <summary>The forms that Stripe is sent; field names as docs.stripe.com/api/checkout/sessions/create and docs.stripe.com/api/payment_intents/create have them.</summary>
internal static class StripeForms
{
    public static Dictionary<string, string> Session(Order order, string? customerId, string successUrl, string cancelUrl)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["mode"] = "payment",
            ["client_reference_id"] = order.Id,
            ["success_url"] = successUrl,
            ["cancel_url"] = cancelUrl,
            // One line with the whole amount: what discounts did to it is ours to say, and is frozen in the order.
            ["line_items[0][quantity]"] = "1",
            ["line_items[0][price_data][currency]"] = order.Price.Currency,
            ["line_items[0][price_data][unit_amount]"] = Number(order.Price.AmountCents),
            ["line_items[0][price_data][product_data][name]"] = order.Title,
        };
        Name(form, "metadata", order);
        Name(form, "payment_intent_data[metadata]", order);
        if (customerId is not null)
        {
            form["customer"] = customerId;
        }
        else if (order.SavesMethod)
        {
            form["customer_creation"] = "always";
        }

        if (order.SavesMethod)
        {
            form["payment_intent_data[setup_future_usage]"] = "off_session";
        }

        return form;
    }

    public static Dictionary<string, string> Intent(Order order, PaymentMethod method)
    {
        var form = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["amount"] = Number(order.Price.AmountCents),
            ["currency"] = order.Price.Currency,
            ["customer"] = method.CustomerId,
            ["payment_method"] = method.MethodId,
            ["confirm"] = "true",
            ["off_session"] = "true",
            ["description"] = order.Title,
        };
        Name(form, "metadata", order);
        return form;
    }

    private static void Name(Dictionary<string, string> form, string field, Order order)
    {
        form[$"{field}[{StripeEvents.OrderField}]"] = order.Id;
        form[$"{field}[{StripeEvents.AccountField}]"] = order.AccountId;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
