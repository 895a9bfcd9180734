using System.Text.Json.Serialization;

namespace ServerlessAi.Accounts.Reports;

/// <summary>What the calls of a sum needed at most. Those from before this was kept are not among them.</summary>
/// <param name="Calls">That this is known of.</param>
/// <param name="Input">Tokens of the longest input.</param>
/// <param name="Output">Tokens of the longest answer.</param>
public sealed record CallSizes(long Calls, long Input, long Output)
{
    /// <summary>Calls of which it is known that there was no picture in them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long NoPictures { get; init; }

    /// <summary>Calls of which it is known that they offered no tools.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long NoTools { get; init; }

    public static CallSizes Of(UsageFacts facts) => new(1, facts.InputTokens, facts.OutputTokens) { NoPictures = facts.HasPictures == false ? 1 : 0, NoTools = facts.HasTools == false ? 1 : 0 };

    /// <summary>Of both; null is none. A largest one stays when calls are taken away: only when all are gone it is.</summary>
    public static CallSizes? Sum(CallSizes? one, CallSizes? other)
    {
        if (one is null || other is null)
        {
            return one ?? other;
        }

        var calls = one.Calls + other.Calls;
        return calls == 0 ? null : new CallSizes(calls, Math.Max(one.Input, other.Input), Math.Max(one.Output, other.Output))
        {
            NoPictures = one.NoPictures + other.NoPictures,
            NoTools = one.NoTools + other.NoTools,
        };
    }

    public static CallSizes? Negate(CallSizes? sizes) => sizes is null ? null : new CallSizes(-sizes.Calls, 0, 0) { NoPictures = -sizes.NoPictures, NoTools = -sizes.NoTools };
}
