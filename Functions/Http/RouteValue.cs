namespace ServerlessAi.Functions.Http;

/// <summary>
/// A name that stands in an address. Servers undo every escape of a path but <c>%2F</c>, because the slash would divide it
/// (https://github.com/dotnet/aspnetcore/issues/17864): here it is one again, as in a body or a query. Ids of users have no <c>%2F</c> of their own, so that
/// each is named by one spelling.
/// </summary>
internal static class RouteValue
{
    public static string Read(string value) => value.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
