namespace CloudinaryDotNet.Actions;

/// <summary>The parameters of an API call, under the names the API gives them.</summary>
public abstract class BaseParams
{
    public abstract void Check();

    public virtual SortedDictionary<string, object> ToParamsDictionary() => new(StringComparer.Ordinal);

    protected static void AddParam(SortedDictionary<string, object> dict, string key, string value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            dict[key] = value;
        }
    }

    protected static void AddParam(SortedDictionary<string, object> dict, string key, bool? value)
    {
        if (value is { } flag)
        {
            AddParam(dict, key, flag);
        }
    }

    protected static void AddParam(SortedDictionary<string, object> dict, string key, bool value) => dict[key] = value ? "true" : "false";
}
