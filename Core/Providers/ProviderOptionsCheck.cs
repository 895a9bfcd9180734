using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace ServerlessAi.Providers;

/// <summary>What annotations cannot say of providers: the items of a dictionary, and its keys.</summary>
internal sealed partial class ProviderOptionsCheck : IValidateOptions<ProviderOptions>
{
    public ValidateOptionsResult Validate(string? name, ProviderOptions options)
    {
        var problems = options.Text.SelectMany(vendor => Problems(vendor.Key, vendor.Value))
            .Concat(options.Limits.SelectMany(own => Problems($"Providers__Limits__{own.Key}", own.Value)))
            .ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> Problems(string name, TextVendorOptions vendor)
    {
        var problems = Problems($"Providers__Text__{name}", (object)vendor);
        return VendorName().IsMatch(name) && !string.Equals(name, ProviderRegistry.Sample, StringComparison.OrdinalIgnoreCase)
            ? problems
            : problems.Append($"Providers__Text__{name}: a vendor's name has 1 to 40 letters, digits and dashes, and is not '{ProviderRegistry.Sample}'.");
    }

    private static IEnumerable<string> Problems(string name, object settings)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(settings, new ValidationContext(settings), results, validateAllProperties: true);
        return results.Select(result => $"{name}: {result.ErrorMessage}");
    }

    // As catalog entries name their provider, but for upper and lower case, which some hosts do not keep in a setting's name.
    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9-]{0,39}\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex VendorName();
}
