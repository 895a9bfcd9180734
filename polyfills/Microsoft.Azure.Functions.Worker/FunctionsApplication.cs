using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Azure.Functions.Worker.LocalHost;

namespace Microsoft.Azure.Functions.Worker.Builder;

public class FunctionsApplication
{
    /// <summary>
    /// The functions are those of the calling assembly, or of the entry assembly when the caller has none. The published worker
    /// knows them from generated code in the app; asking for the caller lets a test start the app inside its own process.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        var caller = Assembly.GetCallingAssembly();
        var entry = Assembly.GetEntryAssembly();
        var home = FunctionFinder.HasFunctions(caller) || entry is null ? caller : entry;
        return new FunctionsApplicationBuilder(args ?? [], home.GetTypes(), ownsProcess: home == entry);
    }

    /// <summary>For tests of the host itself: exactly these classes.</summary>
    internal static FunctionsApplicationBuilder CreateBuilder(string[] args, params IReadOnlyList<Type> functionClasses) =>
        new(args, functionClasses, ownsProcess: false);
}
