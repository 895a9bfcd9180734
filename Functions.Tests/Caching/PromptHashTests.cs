using ServerlessAi.Caching;

namespace ServerlessAi.Tests.Caching;

public sealed class PromptHashTests
{
    [Theory]
    [InlineData("A red fox, in the snow!", "snow... the RED fox")]
    [InlineData("please draw me a blue whale", "Blue Whale")]
    [InlineData("café ÉTÉ", "été CAFÉ")]
    [InlineData("fox\n\tred", "red   fox")]
    [InlineData("\uFB01ne \uFB02owers", "flowers fine")]
    [InlineData("cafe\u0301", "caf\u00e9")]
    public void Case_punctuation_noise_words_and_order_do_not_matter(string one, string other) =>
        Assert.Equal(Image(one), Image(other));

    [Theory]
    [InlineData("red fox", "red foxes")]
    [InlineData("a cat", "a dog")]
    [InlineData("2 cats", "3 cats")]
    [InlineData("the", "of")]
    public void Other_words_are_another_prompt(string one, string other) => Assert.NotEqual(Image(one), Image(other));

    [Fact]
    public void Fields_do_not_run_into_each_other() =>
        Assert.NotEqual(PromptHash.OfImage("fox", "ab", "c", "", null), PromptHash.OfImage("fox", "a", "bc", "", null));

    [Fact]
    public void Text_is_hashed_letter_by_letter_with_all_its_parameters()
    {
        var basis = Text();

        Assert.Matches("^[0-9a-f]{64}$", basis);
        Assert.Equal(basis, Text());
        string[] others = [Text(prompt: "Hello"), Text(model: "n"), Text(system: "s"), Text(tokens: 11), Text(temperature: 0.5), Text(temperature: 0)];
        Assert.Equal(others.Length, others.Append(basis).Distinct(StringComparer.Ordinal).Count() - 1);
    }

    private static string Image(string prompt) => PromptHash.OfImage(prompt, "square", "", "", model: null);

    private static string Text(string model = "m", string prompt = "hello", string? system = null, int tokens = 10, double? temperature = null) =>
        PromptHash.OfText(model, prompt, system, tokens, temperature);
}
