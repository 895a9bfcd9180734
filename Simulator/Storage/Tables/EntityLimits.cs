namespace ServerlessAi.Simulator.Storage.Tables;

/// <summary>What Azure refuses, by its documented limits; emulators let some of it pass.</summary>
internal static class EntityLimits
{
    private const int KeyBytes = 1024;
    private const int PropertiesLimit = 252;
    private const int PropertyNameLimit = 255;
    private const int ValueBytes = 64 * 1024;
    private const int EntityBytes = 1024 * 1024;
    private static readonly DateTimeOffset EarliestInstant = new(1601, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Check(EntityKey key, IReadOnlyDictionary<string, object> properties)
    {
        CheckKey(key.PartitionKey);
        CheckKey(key.RowKey);
        if (properties.Count > PropertiesLimit)
        {
            throw new ServiceErrorException(400, "TooManyProperties", $"The entity contains more properties than allowed. Each entity can include up to {PropertiesLimit} properties to store data.");
        }

        // The service's own formula: 4 bytes, both keys, and for each property 8 bytes, its name and its value.
        var bytes = 4L + (key.PartitionKey.Length + key.RowKey.Length) * 2L;
        foreach (var (name, value) in properties)
        {
            CheckName(name);
            CheckValue(value);
            bytes += 8 + name.Length * 2L + BytesOf(value);
        }

        if (bytes > EntityBytes)
        {
            throw new ServiceErrorException(400, "EntityTooLarge", "The entity is larger than the maximum allowed size (1MB).");
        }
    }

    /// <summary>Letters and digits, a letter first, 3 to 63 of them, and not the name of the list of tables.</summary>
    public static void CheckTableName(string name)
    {
        if (name.Length is < 3 or > 63)
        {
            throw new ServiceErrorException(400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits.");
        }

        if (!char.IsAsciiLetter(name[0]) || !name.All(char.IsAsciiLetterOrDigit) || string.Equals(name, "tables", StringComparison.OrdinalIgnoreCase))
        {
            throw new ServiceErrorException(400, "InvalidResourceName", "The specified resource name contains invalid characters.");
        }
    }

    private static void CheckKey(string key)
    {
        if (key.Length * 2 > KeyBytes)
        {
            throw new ServiceErrorException(400, "KeyValueTooLarge", "The specified key value is larger than the maximum allowed size (1KB).");
        }

        if (key.Any(unit => unit is '/' or '\\' or '#' or '?' || char.IsControl(unit)))
        {
            throw new ServiceErrorException(400, "OutOfRangeInput", "One of the request inputs is out of range.");
        }
    }

    private static void CheckName(string name)
    {
        if (name.Length > PropertyNameLimit)
        {
            throw new ServiceErrorException(400, "PropertyNameTooLong", "The property name exceeds the maximum allowed length (255).");
        }

        if (name.Length == 0 || !(char.IsLetter(name[0]) || name[0] == '_') || !name.All(unit => char.IsLetterOrDigit(unit) || unit == '_'))
        {
            throw new ServiceErrorException(400, "PropertyNameInvalid", "The property name is invalid.");
        }
    }

    private static void CheckValue(object value)
    {
        if (value is string text && text.Length * 2 > ValueBytes || value is byte[] { Length: > ValueBytes })
        {
            throw new ServiceErrorException(400, "PropertyValueTooLarge", "The property value exceeds the maximum allowed size (64KB).");
        }

        if (value is DateTimeOffset at && at < EarliestInstant)
        {
            throw new ServiceErrorException(400, "OutOfRangeInput", "One of the request inputs is out of range.");
        }
    }

    private static long BytesOf(object value) => value switch
    {
        string text => 4 + text.Length * 2L,
        byte[] bytes => 4 + bytes.Length,
        Guid => 16,
        bool => 1,
        int => 4,
        _ => 8,
    };
}
