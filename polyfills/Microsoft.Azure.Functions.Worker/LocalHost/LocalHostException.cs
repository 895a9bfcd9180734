namespace Microsoft.Azure.Functions.Worker.LocalHost;

/// <summary>The host refuses to start, for a reason the person at the keyboard can mend; the message says how.</summary>
internal sealed class LocalHostException(string message, Exception? innerException = null) : Exception(message, innerException);
