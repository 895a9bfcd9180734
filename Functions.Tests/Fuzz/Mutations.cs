using System.Globalization;

namespace ServerlessAi.Tests.Fuzz;

/// <summary>Bends a request in one to three places.</summary>
internal static class Mutations
{
    public static void Bend(FuzzRequest request, List<(string Key, string Value)> fields, Dice dice)
    {
        var hasOtherCredentials = false;
        for (var i = 1 + dice.Below(6) / 4 + dice.Below(6) / 5; i > 0; i--)
        {
            switch (dice.Below(request.Route.HasBody ? 16 : 9))
            {
                case 0:
                    request.Method = dice.Of(Hostile.Methods);
                    break;
                case 1 when !hasOtherCredentials:
                    // Once: the record of whose key is sent would not survive a second bend.
                    hasOtherCredentials = true;
                    CredentialMutations.Bend(request, dice);
                    break;
                case 2 or 3:
                    BendPath(request, dice);
                    break;
                case 4 or 5:
                    BendQuery(request, dice);
                    break;
                case 6 or 7:
                    BendHeaders(request, dice);
                    break;
                case 1 or 8:
                    BendContent(request, dice);
                    break;
                default:
                    request.Body = BodyMutations.Bend(fields, dice);
                    break;
            }
        }
    }

    private static void BendPath(FuzzRequest request, Dice dice)
    {
        var segments = request.Route.Template.Split('/');
        var parameter = Array.FindIndex(segments, segment => segment.StartsWith('{'));
        if (parameter >= 0 && !dice.OneIn(5))
        {
            segments[parameter] = dice.Of(Hostile.Ids);
            request.Path = string.Join('/', segments);
            return;
        }

        request.Path = dice.Below(8) switch
        {
            0 => request.Path + "/",
            1 => "/" + request.Path,
            2 => request.Path.ToUpperInvariant(),
            3 => request.Path + "/" + dice.Of(Hostile.Ids),
            4 => dice.Of(Hostile.Ids) + "/../" + request.Path,
            5 => request.Path + "/../manage/keys",
            6 => request.Path.Replace("e", "%65", StringComparison.Ordinal),
            _ => request.Path.Replace("/", "%2f", StringComparison.Ordinal),
        };
    }

    private static void BendQuery(FuzzRequest request, Dice dice)
    {
        switch (dice.Below(8))
        {
            case 0:
                request.Query.AddRange(request.Query.ToList());
                break;
            case 1:
                request.Query.Add(dice.Of(["&&", "=", "?", "a", "%", "userId", "limit", "userId=&userId=", "limit=1&limit=2", "#userId=ann"]));
                break;
            case 2:
                request.Query.AddRange(Enumerable.Range(0, 500).Select(i => "a" + i.ToString(CultureInfo.InvariantCulture) + "=1"));
                break;
            case 3 or 4:
                request.Query.RemoveAll(pair => pair.StartsWith("limit", StringComparison.Ordinal));
                request.Query.Add(dice.Of(["limit=", "before="]) + dice.Of(
                    ["", "0", "1", "-1", "1.5", "1e3", "200", "201", "2147483648", "9223372036854775807", "9223372036854775808", "%201", "%2b1", "0x1", "%D9%A1", "NaN"]));
                break;
            default:
                request.Query.Add(dice.Of(Hostile.QueryNames) + "=" + dice.Of(Hostile.Ids));
                break;
        }
    }

    private static void BendHeaders(FuzzRequest request, Dice dice)
    {
        switch (dice.Below(20))
        {
            case 0:
                request.Headers.Add((dice.Of(Hostile.HeaderNames), new string('a', dice.Of([20_000, 40_000]))));
                break;
            case 1:
                request.Headers.AddRange(Enumerable.Range(0, dice.Of([60, 120])).Select(i => ("x-many-" + i.ToString(CultureInfo.InvariantCulture), "1")));
                break;
            default:
                var name = request.Route.IsOfAdmin && dice.OneIn(2) ? dice.Of(["If-Match", "Idempotency-Key"]) : dice.Of(Hostile.HeaderNames);
                // One value each: which of several counts is between client and server, and the audit has to know the key.
                request.Drop(name);
                request.Headers.Add((name, dice.Of(Hostile.HeaderValues)));
                break;
        }
    }

    private static void BendContent(FuzzRequest request, Dice dice)
    {
        request.ContentType = dice.OneIn(6) ? null : dice.Of(Hostile.ContentTypes);
        if (request.Body is null && dice.OneIn(3))
        {
            request.Body = "{\"userId\":\"ann\"}"u8.ToArray();
        }
    }
}
