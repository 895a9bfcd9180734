namespace ServerlessAi.Tests.Access;

public sealed class SlashTests
{
    [Fact]
    public async Task An_id_with_a_slash_is_the_same_user_in_an_address_a_query_and_a_token()
    {
        await using var app = await TestApp.StartAsync();
        var token = (await app.PostAsync("manage/tokens", new { userId = "acme/ann" }, app.Admin)).Text("token");
        void Ann(HttpRequestMessage request) => request.Headers.Authorization = new("Bearer", token);

        var given = await app.SendAsync(HttpMethod.Post, "manage/users/acme%2Fann/credits", new { amount = 50 }, app.Admin);
        var plan = await app.SendAsync(HttpMethod.Put, "manage/users/acme%2fann/subscription", new { plan = "basic", is_active = true }, app.Admin);

        Assert.Equal((200, "acme/ann", 200, "acme/ann"), (given.Status, given.Text("userId"), plan.Status, plan.Text("user_id")));
        Assert.Equal(360, (await app.GetAsync("credits?userId=acme/ann")).Number("credits"));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Get, "subscription/dashboard/acme%2Fann", change: Ann)).Status);
        Assert.Equal(403, (await app.SendAsync(HttpMethod.Get, "subscription/dashboard/acme%2Fbob", change: Ann)).Status);
    }

    [Fact]
    public async Task A_chat_whose_id_has_a_slash_can_be_asked_for()
    {
        await using var app = await TestApp.StartAsync();
        await app.PostAsync("complete", new { userId = "ann", prompt = "Say one word.", chatId = "project/42" });

        var chat = await app.GetAsync("usage/chat/project%2F42?userId=ann");

        Assert.Equal((200, "project/42", 1), (chat.Status, chat.Text("chatId"), chat.Number("calls")));
    }

    [Theory]
    [InlineData("acme%252Fann")]
    [InlineData("acme%252fann")]
    public async Task No_id_looks_like_the_escape_of_another(string spelling)
    {
        await using var app = await TestApp.StartAsync();

        Assert.Equal(400, (await app.GetAsync("credits?userId=" + spelling)).Status);
        Assert.Equal(400, (await app.PostAsync("manage/tokens", new { userId = Uri.UnescapeDataString(spelling) }, app.Admin)).Status);
    }
}
