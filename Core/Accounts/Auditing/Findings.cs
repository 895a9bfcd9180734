using System.Collections.Immutable;
using System.Globalization;

namespace ServerlessAi.Accounts.Auditing;

/// <summary>Sentences on what does not agree in one account. Past a limit they are only counted: an account with a million bad rows must fit into memory too.</summary>
internal sealed class Findings
{
    public const int Limit = 100;

    private readonly ImmutableArray<string>.Builder sentences = ImmutableArray.CreateBuilder<string>();
    private long more;

    public void Add(string sentence)
    {
        if (sentences.Count < Limit)
        {
            sentences.Add(sentence);
        }
        else
        {
            more++;
        }
    }

    public ImmutableArray<string> ToImmutable() =>
        more == 0 ? sentences.ToImmutable() : [.. sentences, string.Create(CultureInfo.InvariantCulture, $"And {more} more.")];
}
