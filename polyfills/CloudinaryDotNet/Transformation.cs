using System.Globalization;

namespace CloudinaryDotNet;

/// <summary>What is done to a picture on delivery: components with short names, sorted; chained steps separated by slashes.</summary>
public class Transformation
{
    private readonly List<string> _chain = [];
    private readonly SortedDictionary<string, string> _components = new(StringComparer.Ordinal);
    private string _raw;

    public Transformation Width(object value) => Set("w", value);

    public Transformation Height(object value) => Set("h", value);

    public Transformation Crop(string value) => Set("c", value);

    public Transformation Gravity(string value) => Set("g", value);

    public Transformation X(object value) => Set("x", value);

    public Transformation Y(object value) => Set("y", value);

    public Transformation Radius(object value) => Set("r", value);

    public Transformation Background(string value) => Set("b", value?.Replace("#", "rgb:", StringComparison.Ordinal));

    public Transformation Quality(object value) => Set("q", value);

    public Transformation Density(object value) => Set("dn", value);

    public Transformation Dpr(object value) => Set("dpr", value);

    public Transformation FetchFormat(string value) => Set("f", value);

    public Transformation Effect(string value) => Set("e", value);

    public Transformation Effect(string effect, object param) => Set("e", param is null ? effect : $"{effect}:{Text(param)}");

    public Transformation Flags(params string[] value) => Set("fl", string.Join('.', value));

    public Transformation Named(params string[] value) => Set("t", string.Join('.', value));

    /// <summary>Components as they stand in an address, after the others.</summary>
    public Transformation RawTransformation(string value)
    {
        _raw = value;
        return this;
    }

    /// <summary>What follows is done to the result of what was said so far.</summary>
    public Transformation Chain()
    {
        _chain.Add(Step());
        _components.Clear();
        _raw = null;
        return this;
    }

    public virtual string Generate() => string.Join('/', _chain.Append(Step()).Where(step => step.Length > 0));

    public override string ToString() => Generate();

    private string Step()
    {
        IEnumerable<string> components = _components.Select(component => $"{component.Key}_{component.Value}");
        return string.Join(',', string.IsNullOrEmpty(_raw) ? components : components.Append(_raw));
    }

    private Transformation Set(string name, object value)
    {
        string text = value is null ? "" : Text(value);
        if (text.Length > 0)
        {
            _components[name] = text;
        }
        else
        {
            _components.Remove(name);
        }

        return this;
    }

    /// <summary>A fraction keeps its point, even when it is whole.</summary>
    private static string Text(object value) => value is double or float
        ? string.Format(CultureInfo.InvariantCulture, "{0:0.0#}", value)
        : Convert.ToString(value, CultureInfo.InvariantCulture);
}
