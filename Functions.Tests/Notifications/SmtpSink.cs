using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ServerlessAi.Tests.Notifications;

/// <summary>A mail as the server took it.</summary>
/// <param name="Raw">Headers and body.</param>
internal sealed partial record TakenMail(string From, string To, string Raw)
{
    public string Body => Raw[(Raw.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

    public string? Header(string name) => Unfolded().Split("\r\n").TakeWhile(line => line.Length > 0)
        .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();

    /// <summary>The code in a mail that asks to confirm an address.</summary>
    public string Code => CodeLine().Match(Body).Groups["code"].Value;

    private string Unfolded() => Folds().Replace(Raw, " ");

    [GeneratedRegex(@"\r\n[ \t]+", RegexOptions.None, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Folds();

    [GeneratedRegex(@"^(?<code>[0-9A-Za-z]{16})\r?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex CodeLine();
}

/// <summary>A real mail server on a free port of this machine, which keeps what it takes. It ends with this process, however that ends: it watches its standard input.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private readonly Process process;
    private readonly ConcurrentQueue<TakenMail> mails = new();
    private int refusals;

    private SmtpSink(Process process, int port)
    {
        this.process = process;
        Port = port;
    }

    public int Port { get; }

    public IReadOnlyList<TakenMail> Mails => [.. mails];

    /// <summary>How often it said no to a recipient.</summary>
    public int Refusals => Volatile.Read(ref refusals);

    public Dictionary<string, string?> Settings => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Notifications:Smtp:Host"] = "127.0.0.1",
        ["Notifications:Smtp:Port"] = Port.ToString(CultureInfo.InvariantCulture),
        ["Notifications:Smtp:From"] = "alerts@example.com",
        ["Notifications:Smtp:EnableSsl"] = "false",
    };

    public static async Task<SmtpSink> StartAsync()
    {
        // Whoever starts the emulator has all tools installed.
        await Azurite.SharedAsync();
        var server = Process.Start(new ProcessStartInfo("node", [Path.Combine(Azurite.RepositoryRoot(), "tools", "smtp-sink.mjs")])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var first = await server.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The mail server ended.");
        var sink = new SmtpSink(server, JsonDocument.Parse(first).RootElement.GetProperty("port").GetInt32());
        _ = sink.ListenAsync();
        return sink;
    }

    /// <summary>What it prints may come a moment after its client has been answered.</summary>
    public async Task<TakenMail> LastAsync(int count = 1)
    {
        await Wait.UntilAsync(() => mails.Count >= count, $"{count} mails have come");
        return mails.Last();
    }

    public Task RefusedAsync(int count) => Wait.UntilAsync(() => Refusals >= count, $"{count} recipients were refused");

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task ListenAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var said = JsonDocument.Parse(line).RootElement;
            if (said.TryGetProperty("refused", out _))
            {
                Interlocked.Increment(ref refusals);
                continue;
            }

            mails.Enqueue(new TakenMail(said.GetProperty("from").GetString()!, said.GetProperty("to")[0].GetString()!, said.GetProperty("mail").GetString()!));
        }
    }
}
