using System.Globalization;
using System.Text;

namespace ServerlessAi.Tests.Fuzz;

/// <summary>Credentials of a run: genuine keys of some users, prefixes of keys that requests may revoke, and an image of each user.</summary>
internal sealed record FuzzKeys(IReadOnlyList<(string User, string Key)> Users, IReadOnlyList<string> Revocable, IReadOnlyDictionary<string, string> Images);

/// <summary>Requests that are in order, for each route, from which fuzzing starts. A route that is not known here gets all fields of all others.</summary>
internal sealed class ValidRequests(FuzzKeys keys)
{
    private const int ModelsLimit = 20;

    // Deleting a user's image would leave the other routes of images nothing to do.
    private const string NoImage = "0123456789abcdef0123456789abcdef";

    public FuzzRequest Of(FuzzRoute route, int number, Dice dice, out List<(string Key, string Value)> fields)
    {
        var (user, key) = dice.Of(keys.Users);
        var model = dice.OneIn(8) ? "openai-gpt-4.1-nano" : $"openai-fuzz-model-{dice.Below(ModelsLimit)}";
        var request = new FuzzRequest(number, route)
        {
            Path = route.Template.Replace("images/{id}", "images/" + (route.Function == "images-delete" ? NoImage : keys.Images[user]), StringComparison.Ordinal).Replace("{userId}", user, StringComparison.Ordinal).Replace("{chatId}", "chat-1", StringComparison.Ordinal).Replace("{prefix}", dice.Of(keys.Revocable), StringComparison.Ordinal)
                .Replace("{id}", model, StringComparison.Ordinal).Replace("{alertId}", "204005-cost-80", StringComparison.Ordinal),
        };
        var isForAnother = !route.IsOfAdmin && dice.OneIn(4);
        request.Caller = route.IsOfAdmin || isForAnother ? FuzzCaller.Admin : new FuzzCaller(user, IsAdmin: false);
        request.Headers.Add(("Authorization", "Bearer " + (request.Caller.IsAdmin ? TestApp.AdminKey : key)));
        fields = route.HasBody ? Fields(route, dice, user) : [];
        if (isForAnother)
        {
            request.Query.Add("userId=" + user);
        }

        if (route.Function is "credits-history" or "images-list")
        {
            request.Query.Add("limit=" + (1 + dice.Below(200)).ToString(CultureInfo.InvariantCulture));
        }

        if (string.Equals(route.Function, "admin-audit", StringComparison.Ordinal) && !dice.OneIn(10))
        {
            // The books of all accounts grow with the run; to read them every time would make a long one slow.
            request.Query.Add("account=" + user);
        }

        if (string.Equals(route.Function, "admin-user-credits", StringComparison.Ordinal) && dice.OneIn(3))
        {
            request.Headers.Add(("Idempotency-Key", $"order-{dice.Below(50)}"));
        }

        if (route.HasBody)
        {
            request.ContentType = "application/json";
            request.Body = Encoding.UTF8.GetBytes(Json(fields));
        }

        return request;
    }

    public static string Json(IEnumerable<(string Key, string Value)> fields) => "{" + string.Join(',', fields.Select(field => field.Key + ":" + field.Value)) + "}";

    private static List<(string Key, string Value)> Fields(FuzzRoute route, Dice dice, string user) => route.Function switch
    {
        "complete" => [Named("userId", user), .. Text(dice), ("\"stream\"", dice.OneIn(3) ? "true" : "false")],
        // Few different images: each one new costs the sample a drawing.
        "ai-preview-image" => [Named("userId", user), Named("prompt", $"A fox, number {dice.Below(12)}"), .. Image()],
        "search" => [Named("userId", user), .. Search(dice), ("\"useCache\"", dice.OneIn(4) ? "false" : "true"), ("\"cacheTTL\"", "60")],
        "batch" => [("\"items\"", $"[{Item(dice)},{Item(dice)},{Item(dice)}]"), ("\"concurrency\"", "2")],
        "estimate" => [Named("kind", dice.Of(["image", "text", "search"])), .. Text(dice), .. Image(), Named("query", "foxes"), ("\"maxResults\"", "3")],
        "v1-chat-completions" => [.. Chat(dice)],
        "v1-embeddings" => [Named("model", "text-embedding-3-small"), ("\"input\"", $"[\"fox {dice.Below(4_000)}\"]"), Named("encoding_format", "float")],
        "v1-images" => [Named("model", "openai-gpt-image-1"), Named("prompt", $"A fox, number {dice.Below(12)}"), Named("size", "1024x1024"), ("\"n\"", "1")],
        "images-select" => [("\"selected\"", dice.OneIn(2) ? "true" : "false")],
        "images-print" => [Named("size", dice.Of(["24x36", "a4", "10x8in"])), Named("format", "pdf"), ("\"dpi\"", dice.Of(["150", "72", "300"])), Named("fit", dice.Of(["contain", "cover"]))],
        "admin-keys" => [Named("userId", user), Named("role", "user"), Named("name", "laptop")],
        "admin-prices" or "admin-price" => [.. Price(dice)],
        "teams" => [Named("userId", user), Named("name", dice.OneIn(20) ? "The foxes" : "")],
        "admin-user-credits" => [.. Credits(dice)],
        "notifications-preferences" or "admin-user-notifications" =>
            [Named("webhookUrl", $"https://example.com/{dice.Below(9)}"), ("\"kinds\"", "{\"limit\":[\"webhook\"],\"gift\":[]}"), ("\"newSecret\"", "true"), .. dice.OneIn(4) ? new[] { Named("email", "ann@example.com") } : []],
        "notifications-confirm" => [Named("code", "0123456789abcdef")],
        "credits-purchase" => [Named("userId", user), Named("packageId", dice.Of(["starter", "popular", "pro"])), ("\"quantity\"", "2"), Named("promoCode", "SPRING")],
        "credits-redeem" or "credits-referral-set" => [Named("userId", user), Named("code", $"CODE-{dice.Below(5)}")],
        "credits-gift" => [Named("userId", user), Named("toUserId", $"fuzz-{dice.Below(20)}"), ("\"amount\"", dice.Of(["1", "0.5"])), Named("message", "Enjoy")],
        "credits-auto-topup-set" => [Named("userId", user), ("\"enabled\"", dice.OneIn(2) ? "true" : "false"), ("\"thresholdCredits\"", "20"), Named("packageId", "starter"), ("\"monthlyLimitUsd\"", "50")],
        "subscription-quote" or "subscription-checkout" => [Named("userId", user), Named("plan", dice.Of(["basic", "pro"])), Named("promoCode", "SPRING")],
        "subscription-change" => [Named("userId", user), Named("plan", "starter")],
        "admin-codes" or "admin-code" => [Named("id", $"CODE-{dice.Below(5)}"), Named("kind", dice.Of(["credits", "percent", "amount", "bonus"])), ("\"value\"", "5"), ("\"max_redemptions\"", "3")],
        "admin-packages" or "admin-package" => [Named("id", $"fuzz-{dice.Below(5)}"), Named("name", "Fuzz"), ("\"price\"", "4.99"), ("\"credits\"", "40"), ("\"tiers\"", "[{\"quantity\":2,\"percent_off\":5}]")],
        "admin-order-refund" => [("\"amount\"", "1.5")],
        _ => [Named("userId", user), .. Text(dice), .. Image(), .. Price(dice), .. Credits(dice)],
    };

    private static (string Key, string Value)[] Text(Dice dice) =>
    [
        Named("prompt", $"Tell me of foxes, part {dice.Below(4_000)}"), Named("system", "Be brief."), Named("model", dice.Of(["OPUS_4", "CLAUDE_3_5", "openai-gpt-4.1", "openai-fuzz-model-3"])), ("\"maxTokens\"", "64"),
        ("\"temperature\"", "0.5"), ("\"useCache\"", dice.OneIn(4) ? "false" : "true"), ("\"cacheTTL\"", "60"), Named("chatId", "chat-1"),
    ];

    private static (string Key, string Value)[] Search(Dice dice) =>
        [Named("query", $"Foxes, page {dice.Below(500)}"), Named("provider", dice.Of(["tavily", "serper", "exa", "firecrawl"])), ("\"maxResults\"", "3")];

    private static (string Key, string Value)[] Chat(Dice dice) =>
    [
        Named("model", dice.Of(["OPUS_4", "openai-gpt-4.1", "openai-fuzz-model-3"])), ("\"messages\"", $"[{{\"role\":\"user\",\"content\":\"Foxes, part {dice.Below(4_000)}\"}}]"),
        ("\"max_tokens\"", "64"), ("\"stream\"", dice.OneIn(2) ? "true" : "false"), ("\"stream_options\"", "{\"include_usage\":true}"), ("\"n\"", "2"), ("\"tools\"", "[]"),
        ("\"metadata\"", "{\"chatId\":\"chat-1\",\"topic\":\"foxes\"}"), Named("user", "somebody"), Named("service_tier", "auto"),
    ];

    private static string Item(Dice dice) => dice.Below(3) switch
    {
        0 => Json([Named("kind", "text"), Named("prompt", $"Foxes, part {dice.Below(4_000)}"), Named("model", "openai-gpt-4.1"), ("\"maxTokens\"", "32")]),
        1 => Json([Named("kind", "image"), Named("prompt", $"A fox, number {dice.Below(12)}")]),
        _ => Json([Named("kind", "search"), Named("query", $"Foxes, page {dice.Below(500)}")]),
    };

    private static (string Key, string Value)[] Image() =>
        [Named("aspect", "square"), Named("style", "oil"), Named("size", "24x36"), Named("tier", "premium")];

    private static (string Key, string Value)[] Price(Dice dice) =>
    [
        Named("provider", "openai"), Named("model_name", $"fuzz-model-{dice.Below(ModelsLimit)}"), Named("kind", "text"), Named("tier", "premium"), ("\"aliases\"", $"[\"fuzz-{dice.Below(ModelsLimit)}\"]"),
        ("\"active\"", "true"), ("\"fallback_priority\"", "900"), ("\"max_output_tokens\"", "1000"), ("\"context_window\"", "128000"), ("\"vision\"", "true"), ("\"tools\"", "false"), ("\"input_price\"", "0.15"), ("\"output_price\"", "0.6"), ("\"cached_input_price\"", "0.05"),
        ("\"image_price\"", "0.01"), ("\"call_price\"", "0"), ("\"profit_multiplier\"", "1.25"), ("\"credits_per_10k_tokens\"", "1"), ("\"credits_per_image\"", "1"),
    ];

    private static (string Key, string Value)[] Credits(Dice dice) =>
    [
        ("\"amount\"", dice.Of(["5", "0.000001", "-0.5", "12.25"])), Named("kind", "purchase"), Named("reason", "fuzz"), Named("expires_at", "2041-01-01T00:00:00Z"),
    ];

    private static (string Key, string Value) Named(string name, string text) => ($"\"{name}\"", $"\"{text}\"");
}
