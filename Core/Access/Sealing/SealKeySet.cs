using System.Xml;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;

namespace ServerlessAi.Access.Sealing;

/// <summary>
/// One reading of the key ring, which never changes: Data Protection's own key elements below <c>&lt;keyRing pepper="..."&gt;</c>. Which key seals is decided
/// here, by the app's clock: Data Protection would ask the wall clock. So it is handed that one key to protect with, and all of them to unprotect with.
/// </summary>
internal sealed class SealKeySet
{
    /// <summary>How long a key seals.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);

    /// <summary>How long before it seals a key is in the ring: longer than any instance goes without reading it.</summary>
    public static readonly TimeSpan Announced = TimeSpan.FromDays(2);

    /// <summary>How long after it stopped sealing a key still opens: longer than anything sealed is good for.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(35);

    private const string Application = "serverlessai";
    private const string KeyElement = "key";

    private readonly XElement ring;
    private readonly List<(IKey Key, XElement Element)> keys;

    private SealKeySet(XElement ring, DateTimeOffset now)
    {
        this.ring = ring;
        Pepper = (string?)ring.Attribute("pepper") ?? throw new InvalidDataException("The key ring has no pepper.");
        var all = Container(ring.Elements());
        var byId = ring.Elements(KeyElement).ToDictionary(element => (Guid)element.Attribute("id")!);
        keys = [.. all.GetRequiredService<IKeyManager>().GetAllKeys().Select(key => (key, byId[key.KeyId]))];
        Opening = Container(ring.Elements().Select(Undated)).GetRequiredService<IDataProtectionProvider>();
        Sealing = Current(now) is { } current ? Container([Undated(current.Element)]).GetRequiredService<IDataProtectionProvider>() : null;
        SealsUntil = Current(now)?.Key.ExpirationDate ?? default;
    }

    /// <summary>A secret for keyed hashes, 32 random bytes or more as text; it stays the same when keys change.</summary>
    public string Pepper { get; }

    /// <summary>Opens what any key of the ring sealed.</summary>
    public IDataProtectionProvider Opening { get; }

    /// <summary>Null when no key may seal at the moment the ring was read.</summary>
    public IDataProtectionProvider? Sealing { get; }

    /// <summary>When <see cref="Sealing"/> must be chosen anew.</summary>
    public DateTimeOffset SealsUntil { get; }

    public static SealKeySet Empty(string pepper, DateTimeOffset now) => new(new XElement("keyRing", new XAttribute("pepper", pepper)), now);

    /// <exception cref="InvalidDataException">Not a key ring. It is left as it is: overwriting it would end every session.</exception>
    public static SealKeySet Read(BinaryData content, DateTimeOffset now)
    {
        try
        {
            return new SealKeySet(XElement.Load(content.ToStream()), now);
        }
        catch (Exception exception) when (exception is XmlException or FormatException or ArgumentException)
        {
            throw new InvalidDataException("The key ring is not one.", exception);
        }
    }

    public BinaryData Write() => BinaryData.FromString(ring.ToString());

    /// <summary>Whether the ring lacks a key for now, or for the time after the present one.</summary>
    public bool NeedsKey(DateTimeOffset now) => Current(now) is not { Key: var key } || (key.ExpirationDate < now + 2 * Announced && Current(key.ExpirationDate) is null);

    public SealKeySet WithNewKey(DateTimeOffset now)
    {
        // Where nobody has looked at the ring for long, the present key has less time left than that, and no moment may be without one.
        var activation = Current(now) is not { Key: var present } ? now : present.ExpirationDate < now + Announced ? present.ExpirationDate : now + Announced;
        var made = new Elements([]);
        Container(made).GetRequiredService<IKeyManager>().CreateNewKey(activation, activation + Lifetime);
        var kept = keys.Where(pair => now < pair.Key.ExpirationDate + Kept).Select(pair => pair.Element);
        var revocations = ring.Elements().Where(element => element.Name != KeyElement);
        return new SealKeySet(new XElement("keyRing", new XAttribute("pepper", Pepper), kept, revocations, made.GetAllElements()), now);
    }

    // The last one that may: keys that several instances made in a hurry are all good, and all choose the same.
    private (IKey Key, XElement Element)? Current(DateTimeOffset at) => keys
        .Where(pair => !pair.Key.IsRevoked && pair.Key.ActivationDate <= at && at < pair.Key.ExpirationDate)
        .OrderByDescending(pair => pair.Key.ActivationDate).ThenBy(pair => pair.Key.KeyId)
        .Select(pair => ((IKey, XElement)?)pair)
        .FirstOrDefault();

    // The wall clock must find nothing to object to either.
    private static XElement Undated(XElement element)
    {
        var copy = new XElement(element);
        if (copy.Name != KeyElement)
        {
            return copy;
        }

        (copy.Element("activationDate")!.Value, copy.Element("expirationDate")!.Value) = ("2000-01-01T00:00:00Z", "9999-01-01T00:00:00Z");
        return copy;
    }

    private static ServiceProvider Container(IEnumerable<XElement> elements) => Container(new Elements([.. elements]));

    // A container of its own: in the app's, Data Protection would read the ring synchronously when the app starts, and make keys by the wall clock.
    private static ServiceProvider Container(Elements elements)
    {
        var services = new ServiceCollection();
        services.AddDataProtection().SetApplicationName(Application).DisableAutomaticKeyGeneration();
        services.Configure<KeyManagementOptions>(options => options.XmlRepository = elements);
        return services.BuildServiceProvider();
    }

    private sealed class Elements(List<XElement> elements) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() => [.. elements];

        public void StoreElement(XElement element, string friendlyName) => elements.Add(element);
    }
}
