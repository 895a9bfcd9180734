using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using ServerlessAi.Simulator.Vendors;

namespace ServerlessAi.Tests.Notifications;

/// <summary>A webhook's receiver on a free port of this machine, which can be told to misbehave.</summary>
internal sealed class WebhookReceiver : VendorStandIn
{
    public static Task<WebhookReceiver> StartAsync() => StartAsync(new WebhookReceiver());

    public string Url => BaseUrl + "/hooks";

    public IEnumerable<string> Ids => Requests.Select(request => request.Headers["webhook-id"]);

    public void Script(params Behaviour[] behaviours) => Script(model: null, behaviours);

    /// <summary>Asks somebody else, a script that shares no code with the app, whether a request is genuine.</summary>
    /// <returns>Null when it is; what is wrong otherwise.</returns>
    public static async Task<string?> VerifyAsync(ReceivedRequest request, string secret, DateTimeOffset now)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Azurite.RepositoryRoot(), "tools", "verify-webhook.mjs")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var node = Process.Start(start)!;
        var headers = request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value, StringComparer.Ordinal);
        await node.StandardInput.WriteAsync(JsonSerializer.Serialize(new { secret, headers, body = request.Body, now = now.ToUnixTimeSeconds() }));
        node.StandardInput.Close();
        var errors = await node.StandardError.ReadToEndAsync();
        await node.WaitForExitAsync();
        return node.ExitCode == 0 ? null : errors.Trim();
    }

    protected override string? ModelOf(ReceivedRequest request) => "webhook";

    protected override bool IsAuthorized(ReceivedRequest request) => true;

    protected override Behaviour Unauthorized => Behaviour.Answer(401, "{}");

    protected override Task SucceedAsync(HttpContext context, ReceivedRequest request)
    {
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }
}
