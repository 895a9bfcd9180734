using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace ServerlessAi.Tests.Fuzz;

/// <summary>
/// Bent requests over every HTTP route. <c>FUZZ_REQUESTS=50000</c> sends more than the usual few thousand and watches the memory,
/// <c>FUZZ_SEED</c> sends others. A failure prints the seed and the request's number, which together make the same request again.
/// </summary>
public sealed partial class FuzzTests(ITestOutputHelper output)
{
    private const int UsualRequests = 6_000;
    private const int UsualSeed = 20_260_516;
    private const int LongRun = 50_000;
    private const int Senders = 8;
    private const int ShownFailures = 10;

    private static readonly Dictionary<string, string?> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        // Keys decide who is who, as in Azure; the sample answers, as on a developer's machine.
        ["Tests:Environment"] = "Staging",
        ["Providers:Sample:Enabled"] = "true",
        // Refusals are to come from the requests, not from limits that they share or from a machine that is busy with other tests.
        ["Plans:Items:free:SpacingMs"] = "0",
        ["Plans:Items:free:RequestsPerMinute"] = "0",
        ["Plans:Items:free:ConcurrentJobs"] = "200",
        ["Plans:Items:free:TokensPerDay"] = "1000000000000",
        ["Plans:Items:free:MonthlyCapUsd"] = "1000000",
        ["Gateway:CallerRequestsPerSecond"] = "100000",
        ["Gateway:CallerBurst"] = "100000",
        ["Credits:SignUp"] = "10000",
        ["Credits:PatienceMs"] = "30000",
        ["Storage:NetworkTimeoutMs"] = "30000",
    };

    [Fact]
    public async Task Whatever_is_sent_no_request_breaks_the_app_or_the_books()
    {
        var (requests, seed) = (Number("FUZZ_REQUESTS", UsualRequests), Number("FUZZ_SEED", UsualSeed));
        await using var app = await TestApp.StartAsync(Settings);
        var keys = await KeysAsync(app);
        var run = new Run(app, seed, keys);
        run.Books.Know(keys.Images.Values.First());
        var watch = Stopwatch.StartNew();

        await run.SendAsync(0, requests / 5);
        var early = GC.GetTotalMemory(forceFullCollection: true);
        await run.SendAsync(requests / 5, requests);
        var late = GC.GetTotalMemory(forceFullCollection: true);

        output.WriteLine($"Seed {seed}, {requests} requests in {watch.Elapsed.TotalSeconds:0.0} s; memory {early >> 20} MiB after a fifth, {late >> 20} MiB at the end.");
        output.WriteLine($"{run.Books.Charges} charges, {run.Books.Changes} changes of credits. Answers: {run.Histogram}");
        Assert.True(run.Failures.IsEmpty, $"Seed {seed}:\n" + string.Join("\n\n", run.Failures.OrderBy(failure => failure.Number).Take(ShownFailures).Select(failure => failure.Text)));
        // One route changes credits: half of its share of the requests.
        Assert.True(run.Books.Charges > requests / 200 && run.Books.Changes > requests / FuzzRoute.All.Count / 2, "Too few requests got through for their refusal to prove anything.");
        await run.Books.AuditAsync(app);
        if (requests >= LongRun)
        {
            Assert.True(late < early * 3 / 2 + (32 << 20), $"Memory grew from {early} to {late} bytes.");
        }
    }

    private static int Number(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : usual;

    private static async Task<FuzzKeys> KeysAsync(TestApp app)
    {
        var users = new List<(string User, string Key)>();
        var revocable = new List<string>();
        var images = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            var user = $"fuzz-{i}";
            users.Add((user, (await app.PostAsync("manage/keys", new { userId = user }, app.Admin)).Text("key")!));
            images[user] = await ImageAsync(app, user);
            revocable.Add((await app.PostAsync("manage/keys", new { userId = user }, app.Admin)).Text("prefix")!);
        }

        return new FuzzKeys(users, revocable, images);
    }

    // All have the same: the first makes it before anything is counted, for an account of its own.
    private static async Task<string> ImageAsync(TestApp app, string user)
    {
        await app.PostAsync("ai-preview-image?userId=the-first", new { prompt = "Whatever is printed" }, app.Admin);
        return (await app.PostAsync($"ai-preview-image?userId={user}", new { prompt = "Whatever is printed" }, app.Admin)).Text("imageId")!;
    }

    [GeneratedRegex("AccountKey=(?<key>[^;]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex AccountKey();

    private sealed class Run(TestApp app, int seed, FuzzKeys keys)
    {
        private readonly ConcurrentDictionary<(string Route, int Status), int> counts = new();
        private readonly ValidRequests valid = new(keys);
        private readonly Judge judge = new([TestApp.AdminKey, AccountKey().Match(app.Settings["Storage:ConnectionString"]!).Groups["key"].Value]);

        public Books Books { get; } = new();

        public ConcurrentBag<(int Number, string Text)> Failures { get; } = [];

        public string Histogram => string.Join(", ", counts.GroupBy(count => count.Key.Status).OrderBy(group => group.Key).Select(group => $"{group.Key}: {group.Sum(count => count.Value)}"));

        public async Task SendAsync(int first, int end)
        {
            using var client = new FuzzClient(app.Http.BaseAddress!);
            await Parallel.ForAsync(first, end, new ParallelOptions { MaxDegreeOfParallelism = Senders }, async (number, _) => await SendOneAsync(client, number));
        }

        private async Task SendOneAsync(FuzzClient client, int number)
        {
            var dice = new Dice(seed, number);
            // Every other request goes where there is a body to bend and money to move.
            var routes = number % 2 == 0 ? FuzzRoute.Fuzzed : FuzzRoute.WithBody;
            var request = valid.Of(routes[number / 2 % routes.Count], number, dice, out var fields);
            if (!dice.OneIn(8))
            {
                Mutations.Bend(request, fields, dice);
            }

            try
            {
                var reply = await client.SendAsync(request);
                counts.AddOrUpdate((request.Route.Function, reply.Status), 1, (_, count) => count + 1);
                if (judge.Problem(request, reply) is { } problem)
                {
                    Failures.Add((number, $"{problem}\n{request}\n-> {reply.Status} {reply.Body}"));
                    return;
                }

                Books.Note(request, reply);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // Any other way an exchange can end is a failure of its request, and must not hide the others.
                Failures.Add((number, $"{exception}\n{request}"));
            }
        }
    }
}
