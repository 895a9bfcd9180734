using System.Net;
using System.Text.Json;
using ServerlessAi.Simulation.Worlds;

namespace ServerlessAi.Simulation.Vendors;

/// <summary>A message as its receiver has it.</summary>
/// <param name="Id">The same at every try.</param>
/// <param name="About">The id of the alert, the order or the gift, of a declined charge its try besides; null for other messages.</param>
internal sealed record Letter(string Account, string Id, string? About);

/// <summary>Where users are told of what happened: a receiver that fails, takes long, and takes what its sender does not hear of.</summary>
internal sealed class Letterbox(World world)
{
    private const string Address = "https://hooks.example/";
    private readonly Random random = world.Random("letterbox");
    private bool isCalm;

    /// <summary>Who is told everything that happens after this moment, by the world's calendar.</summary>
    public SortedDictionary<string, DateTimeOffset> Since { get; } = new(StringComparer.Ordinal);

    public List<Letter> Letters { get; } = [];

    public static string AddressOf(string name) => Address + name;

    public void Calm() => isCalm = true;

    public HttpMessageHandler HandlerOf(Machine machine) => new Handler(this, machine);

    private async Task<HttpResponseMessage> TakeAsync(Machine machine, HttpRequestMessage request, CancellationToken gone)
    {
        var body = JsonDocument.Parse(await request.Content!.ReadAsStringAsync(CancellationToken.None)).RootElement;
        var id = body.GetProperty("id").GetString()!;
        await machine.PassAsync();
        var trouble = isCalm || random.NextDouble() >= world.Plan.ProviderTroubleShare ? 0 : random.Next(1, 5);
        world.Note($"letter {id} from {machine.Number}: {trouble}");
        switch (trouble)
        {
            case 1:
                throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused.");
            case 2:
                return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        }

        Letters.Add(new Letter(body.GetProperty("accountId").GetString()!, id, AboutOf(body.GetProperty("data"))));
        await Task.Delay(trouble == 3 ? TimeSpan.FromMinutes(2) : TimeSpan.FromMilliseconds(random.Next(20, 2_000)), world.Time, gone);
        await machine.PassAsync();
        return trouble == 4 ? throw new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely.") : new HttpResponseMessage(HttpStatusCode.NoContent);
    }

    private static string? AboutOf(JsonElement data) =>
        new[] { "id", "orderId", "giftId" }.Select(name => data.TryGetProperty(name, out var id) ? id.GetString() : null).FirstOrDefault(id => id is not null) is { } found
            ? data.TryGetProperty("try", out var number) ? $"{found}#{number}" : found
            : null;

    private sealed class Handler(Letterbox box, Machine machine) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => box.TakeAsync(machine, request, cancellationToken);
    }
}
