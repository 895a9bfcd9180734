using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace ServerlessAi.Tests.Flow;

[Collection(RunningCopy.Collection)]
public sealed class DevScriptTests(RunningCopy copy)
{
    [Fact]
    public async Task It_serves_and_an_image_can_be_fetched_where_the_answer_says()
    {
        var answer = await copy.Script.Http.PostAsJsonAsync("/api/ai-preview-image", new { userId = "ann", prompt = "a lighthouse" });
        var image = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var fetched = await copy.Script.Http.GetAsync(image.GetProperty("imageUrl").GetString());
        Assert.Equal("image/png", fetched.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public void It_says_where_it_runs_who_serves_and_which_key_opens_the_admin_routes()
    {
        Assert.Contains($"http://127.0.0.1:{copy.Script.Port}/api", copy.Script.Output, StringComparison.Ordinal);
        Assert.Contains("No provider keys: the built-in sample serves.", copy.Script.Output, StringComparison.Ordinal);
        Assert.Contains(DevScript.AdminKey, copy.Script.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_busy_port_is_named_with_the_option_that_changes_it()
    {
        using var second = DevScript.Begin(copy.Data.FullName, copy.Script.Port, copy.Script.StoragePort);
        Assert.Equal(1, await second.EndAsync());
        Assert.Contains($"Port {copy.Script.Port} (the app) is already in use. Choose another with --port.", second.Output, StringComparison.Ordinal);
        Assert.Contains(
            $"Port {copy.Script.StoragePort + 2} (the emulator's tables) is already in use. Choose another with --storage-port.", second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7071, 7070, "Port 7071 (the app) is asked for twice.")]
    [InlineData(0, 10_000, "--port needs a number from 1 to 65535, not '0'.")]
    [InlineData(7071, 65_535, "--storage-port needs a number from 1 to 65533, not '65535'.")]
    public async Task A_port_that_cannot_be_is_refused(int port, int storagePort, string message)
    {
        using var script = DevScript.Begin(copy.Data.FullName, port, storagePort);
        Assert.Equal(1, await script.EndAsync());
        Assert.Contains(message, script.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_copies_share_nothing_and_a_restart_keeps_the_balance()
    {
        var data = Directory.CreateTempSubdirectory("dev-run-");
        using (var other = await DevScript.StartAsync(data.FullName))
        {
            await GiveAsync(other, "bea", 32);
            Assert.Equal(42, await CreditsAsync(other, "bea"));
            Assert.Equal(10, await CreditsAsync(copy.Script, "bea"));
            Assert.Equal(143, await other.StopAsync("TERM"));
            await other.WaitUntilSilentAsync();
        }

        using (var again = await DevScript.StartAsync(data.FullName))
        {
            Assert.Equal(42, await CreditsAsync(again, "bea"));
            await DevScript.SignalAsync(await again.ChildAsync("ServerlessAi.Functions.dll"), "KILL");
            Assert.Equal(1, await again.EndAsync());
            Assert.Contains("The app ended by itself (SIGKILL).", again.Output, StringComparison.Ordinal);
            await again.WaitUntilSilentAsync();
        }

        data.Delete(recursive: true);
    }

    [Fact]
    public async Task A_folder_in_use_is_refused_and_nothing_outlives_a_killed_script()
    {
        var data = Directory.CreateTempSubdirectory("dev-run-");
        using var script = await DevScript.StartAsync(data.FullName);
        using (var second = DevScript.Begin(data.FullName, script.Port + 50, script.StoragePort + 50))
        {
            Assert.Equal(1, await second.EndAsync());
            Assert.Contains("Choose another folder with --data.", second.Output, StringComparison.Ordinal);
        }

        Assert.Equal(137, await script.StopAsync("KILL"));
        await script.WaitUntilSilentAsync();
        data.Delete(recursive: true);
    }

    private static async Task GiveAsync(DevScript script, string user, decimal amount)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/manage/users/{user}/credits") { Content = JsonContent.Create(new { amount }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", DevScript.AdminKey);
        (await script.Http.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private static async Task<decimal> CreditsAsync(DevScript script, string user) =>
        (await script.Http.GetFromJsonAsync<JsonElement>($"/api/balance?userId={user}")).GetProperty("credits").GetDecimal();
}
