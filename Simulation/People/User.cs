using System.Globalization;
using System.Text.Json;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.People;

/// <summary>
/// Somebody who uses the product: asks for images, texts, streams and searches, some of them again and again, some several at once; repeats a request with its idempotency
/// key when no answer came, sometimes at once and to another instance; and sometimes leaves before the answer is there.
/// </summary>
internal sealed class User(World world, string name, Random random)
{
    private const int ActionsLimit = 9;
    private const int AttemptsLimit = 5;
    private const int LooksLimit = 60;
    private static readonly string[] Subjects = ["fox", "owl", "lake", "tower"];
    private static readonly int[] OutputTokens = [40, 440, 1_500, 4_000];
    private static readonly string[] Models = ["openai-gpt-4.1", "openai-gpt-4.1-mini", "GPT_4_TURBO"];

    private int keys;

    public async Task LiveAsync()
    {
        var actions = random.Next(3, ActionsLimit);
        for (var action = 0; action < actions; action++)
        {
            await PauseAsync();
            await ActAsync();
        }
    }

    /// <summary>Asks one machine for one thing, and does not ask again.</summary>
    public Task<Reply?> AskAsync(Instance instance) => SendAsync(instance, Draw(key: null), "POST");

    private Task ActAsync() => random.Next(10) switch
    {
        0 => LookAsync(),
        < 4 => Task.WhenAll(Enumerable.Range(0, random.Next(2, 5)).Select(_ => OnceAsync(Draw(key: null))).ToList()),
        < 5 => OnceAsync(Draw(key: null)),
        _ => UntilAnsweredAsync(Draw(NewKey())),
    };

    // Most look again soon, some come back when leases have lapsed.
    private Task PauseAsync() => Task.Delay(TimeSpan.FromMilliseconds(random.Next(8) == 0 ? random.Next(60_000, 500_000) : random.Next(10, 4_000)), world.Time);

    private string NewKey() => string.Create(CultureInfo.InvariantCulture, $"{name}-{++keys}");

    private (string Path, string Body, string? Key) Draw(string? key)
    {
        var subject = random.Next(2) == 0 ? Subjects[random.Next(Subjects.Length)] : string.Create(CultureInfo.InvariantCulture, $"thing {random.Next(1_000_000)}");
        var (path, body) = random.Next(20) switch
        {
            < 7 => ("ai-preview-image", new { prompt = subject, tier = random.Next(4) == 0 ? "standard" : null }),
            < 14 => ("complete", Text(subject)),
            < 18 => ("v1/chat/completions", Chat(subject)),
            18 when random.Next(2) == 0 => ("batch", Batch(subject)),
            < 19 => ("v1/embeddings", new { model = "openai-text-embedding-3-small", input = subject }),
            _ => ("search", (object)new { query = subject, provider = random.Next(2) == 0 ? "exa" : null }),
        };
        return ("api/" + path, JsonSerializer.Serialize(body), key);
    }

    private object Text(string subject) => new
    {
        prompt = subject,
        model = Model(),
        maxTokens = Tokens(),
        useCache = random.Next(3) > 0,
        stream = random.Next(3) == 0,
    };

    private object Chat(string subject) => new
    {
        model = Model(),
        messages = new[] { new { role = "user", content = subject } },
        max_completion_tokens = Tokens(),
        stream = random.Next(3) > 0,
    };

    private object Batch(string subject) => new
    {
        items = new object[]
        {
            new { kind = "text", prompt = subject, model = Model(), maxTokens = Tokens(), useCache = false },
            new { kind = "image", prompt = subject },
            new { kind = "search", query = subject },
        },
    };

    private string Model() => Models[random.Next(Models.Length)];

    private int Tokens() => OutputTokens[random.Next(OutputTokens.Length)];

    private async Task LookAsync()
    {
        var reply = await OnceAsync(("api/credits", Body: null, Key: null), "GET");
        if (reply is { Succeeded: true } && reply.Body.GetProperty("credits").GetDecimal() < 0)
        {
            world.Violate($"{name} was shown a negative balance: {reply.Text}");
        }
    }

    private async Task<Reply?> OnceAsync((string Path, string? Body, string? Key) request, string method = "POST")
    {
        var reply = await FindInstanceAsync() is { } instance ? await SendAsync(instance, request, method) : null;
        // Whose answer broke off asks again, as for something new.
        return reply is { IsPartial: true } && random.Next(2) == 0 ? await OnceAsync(request with { Key = null }) : reply;
    }

    private async Task<Reply?> SendAsync(Instance instance, (string Path, string? Body, string? Key) request, string method)
    {
        var exchange = new Exchange(world.Exchanges.Count + 1, name, method, request.Path, request.Body, request.Key);
        exchange.Headers["x-user-id"] = name;
        if (request.Key is { } key)
        {
            exchange.Headers["Idempotency-Key"] = key;
        }

        // Whoever reads along knows soon whether it is worth waiting for.
        using var patience = random.Next(exchange.WantsStream ? 3 : 12) == 0 ? new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(3_000)), world.Time) : null;
        var reply = await world.SendAsync(instance, exchange, patience?.Token ?? CancellationToken.None);
        return reply is { IsJob: true } ? await FollowAsync(exchange, reply) : reply;
    }

    /// <summary>Asks for the image that a slow request was answered with the URL of, whichever machine is there, until it is settled one way or the other.</summary>
    private async Task<Reply?> FollowAsync(Exchange exchange, Reply accepted)
    {
        var id = accepted.Body.GetProperty("jobId").GetString()!;
        for (var look = 0; look < LooksLimit; look++)
        {
            await Task.Delay(TimeSpan.FromSeconds(random.Next(1, 20)), world.Time);
            if (await OnceAsync((accepted.Body.GetProperty("url").GetString()!.TrimStart('/'), Body: null, Key: null), "GET") is not { IsJob: false, Status: 200 or 422 or 502 or 404 } found)
            {
                continue;
            }

            // Another's job, if a key led here, or a failure that a late success may yet take back: what it comes to is not this request's answer.
            exchange.Reply = found with { IsReplay = !exchange.OperationIds.Contains(id), IsFollowed = true };
            return exchange.Reply;
        }

        return accepted;
    }

    /// <summary>As a careful client does: the same request with the same key, until there is an answer that repeating would not change.</summary>
    private async Task UntilAnsweredAsync((string Path, string Body, string? Key) request)
    {
        var forgotten = world.Time.GetUtcNow() + Exchange.KeyLife;
        for (var attempt = 0; attempt < AttemptsLimit && world.Time.GetUtcNow() < forgotten; attempt++)
        {
            var replies = random.Next(5) == 0
                ? await Task.WhenAll(OnceAsync(request), OnceAsync(request))
                : [await OnceAsync(request)];
            // Once in a while an answered request is sent again all the same.
            if (replies.Any(reply => reply is { Status: < 500 and not (409 or 429) }) && random.Next(3) > 0)
            {
                return;
            }

            await PauseAsync();
        }
    }

    private async Task<Instance?> FindInstanceAsync()
    {
        for (var look = 0; look < 100; look++)
        {
            if (world.Alive is { Count: > 0 } alive)
            {
                return alive[random.Next(alive.Count)];
            }

            await Task.Delay(TimeSpan.FromSeconds(5), world.Time);
        }

        return null;
    }
}
