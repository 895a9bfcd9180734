using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using ServerlessAi.Primitives;
using ServerlessAi.Storage;

namespace ServerlessAi.Access;

/// <summary>An API key without its secret.</summary>
/// <param name="Prefix">The public part of the key, by which it is listed and revoked.</param>
public sealed record ApiKey(string Prefix, string UserId, Role Role, string Name, Scopes Scopes, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <summary>
/// Keys of the form <c>sai_prefix_secret</c>. Only the secret's SHA-256 is stored: it has 256 random bits, so there is nothing a slow hash would
/// protect. What was read is believed for less than a minute, which is how long a revoked key may still work on another instance.
/// </summary>
public sealed class ApiKeys(Tables tables, TimeProvider time, IIdSource ids)
{
    private const string Start = "sai_";
    private const string RowKey = "key";
    private const int RememberedLimit = 10_000;
    private static readonly TimeSpan LookupPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(50);

    private readonly ConcurrentDictionary<string, (Stored? Stored, DateTimeOffset Until)> remembered = new(StringComparer.Ordinal);

    private sealed record Stored(ApiKey Key, byte[] SecretHash);

    /// <summary>Whether a credential looks like one of ours.</summary>
    public static bool IsKey(string credential) => credential.StartsWith(Start, StringComparison.Ordinal);

    /// <returns>The key to show once, and what is stored of it.</returns>
    public async Task<(string Secret, ApiKey Key)> IssueAsync(string userId, Role role, string name, Scopes scopes, CancellationToken cancellationToken)
    {
        var prefix = ids.NewSecret(8);
        var secret = ids.NewSecret(32);
        var key = new ApiKey(prefix, userId, role, name, scopes, time.GetUtcNow(), RevokedAt: null);
        var row = new TableEntity(prefix, RowKey)
        {
            ["SecretHash"] = HashOf(secret),
            ["UserId"] = userId,
            ["Role"] = role.ToString(),
            ["Name"] = name,
            ["Scopes"] = string.Join(' ', ScopeNames.Of(scopes)),
            ["CreatedAt"] = key.CreatedAt,
        };
        var client = await tables.GetAsync(TableNames.Keys);
        await client.AddEntityAsync(row, cancellationToken);
        return ($"{Start}{prefix}_{secret}", key);
    }

    /// <summary>The key's record when it is genuine and not revoked.</summary>
    public async ValueTask<ApiKey?> VerifyAsync(string credential, CancellationToken cancellationToken)
    {
        var parts = credential.Split('_');
        if (parts.Length != 3 || !IsKey(credential) || parts[1].Length is 0 or > 32 || !parts[1].All(char.IsAsciiLetterOrDigit))
        {
            return null;
        }

        var stored = await FindAsync(parts[1], cancellationToken).AsTask().WaitAsync(LookupPatience, time, cancellationToken);
        return stored is { Key.RevokedAt: null } && CryptographicOperations.FixedTimeEquals(stored.SecretHash, HashOf(parts[2])) ? stored.Key : null;
    }

    /// <summary>Keys by their prefix, those behind <paramref name="after"/>.</summary>
    public async IAsyncEnumerable<ApiKey> ListAsync(string? userId, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Keys);
        var filter = userId is null
            ? TableClient.CreateQueryFilter($"PartitionKey gt {after}")
            : TableClient.CreateQueryFilter($"PartitionKey gt {after} and UserId eq {userId}");
        await foreach (var row in client.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
        {
            yield return ToStored(row).Key;
        }
    }

    /// <returns>The key as revoked; null when there is none of this prefix.</returns>
    public async Task<ApiKey?> RevokeAsync(string prefix, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Keys);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(TableKey.Escape(prefix), RowKey, cancellationToken: cancellationToken);
        if (!row.HasValue)
        {
            return null;
        }

        var entity = row.Value!;
        if (entity.GetDateTimeOffset("RevokedAt") is null)
        {
            entity["RevokedAt"] = time.GetUtcNow();
            // Without a condition: whoever changes the row meanwhile revokes it too.
            await client.UpdateEntityAsync(entity, ETag.All, TableUpdateMode.Merge, cancellationToken);
        }

        remembered.TryRemove(prefix, out _);
        return ToStored(entity).Key;
    }

    /// <summary>Deletes all keys of a user who is to be forgotten.</summary>
    public async Task DeleteOfAsync(string userId, CancellationToken cancellationToken)
    {
        var client = await tables.GetAsync(TableNames.Keys);
        await foreach (var row in client.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"UserId eq {userId}"), cancellationToken: cancellationToken))
        {
            await client.DeleteEntityAsync(row.PartitionKey, row.RowKey, cancellationToken: cancellationToken);
            remembered.TryRemove(row.PartitionKey, out _);
        }
    }

    private async ValueTask<Stored?> FindAsync(string prefix, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (remembered.TryGetValue(prefix, out var known) && now < known.Until)
        {
            return known.Stored;
        }

        var client = await tables.GetAsync(TableNames.Keys);
        var row = await client.GetEntityIfExistsAsync<TableEntity>(prefix, RowKey, cancellationToken: cancellationToken);
        var stored = row.HasValue ? ToStored(row.Value!) : null;
        if (remembered.Count >= RememberedLimit)
        {
            remembered.Clear();
        }

        // Also remembers that there is no such key: guessing costs the guesser, not storage.
        remembered[prefix] = (stored, now + Believed);
        return stored;
    }

    private static Stored ToStored(TableEntity row) => new(
        new ApiKey(
            row.PartitionKey,
            row.GetString("UserId") ?? "",
            Enum.Parse<Role>(row.GetString("Role") ?? nameof(Role.User)),
            row.GetString("Name") ?? "",
            // Keys from before there were scopes may do everything; a name that nobody knows gives no right.
            row.GetString("Scopes") is { } scopes ? ScopeNames.Parse(scopes.Split(' ')) ?? Scopes.None : Scopes.All,
            row.GetDateTimeOffset("CreatedAt") ?? default,
            row.GetDateTimeOffset("RevokedAt")),
        row.GetBinary("SecretHash") ?? []);

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
