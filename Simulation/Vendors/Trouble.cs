namespace ServerlessAi.Simulation.Vendors;

/// <summary>What may go wrong with a call to a vendor.</summary>
internal enum Trouble
{
    None,
    NoConnection,
    Overloaded,
    RateLimited,
    ServerError,
    BrokenBefore,
    BrokenAfter,
    Slow,
    Hanging,
    HangingAfterWork,
    Garbage,
    NoUsage,
    AbsurdUsage,
    ZeroUsage,
    Invalid,
    Refused,

    // From here on only streams, somewhere between their first chunk and their last.
    BreaksOff,
    FallsSilent,
    ReportsAnError,
    TurnsToGarbage,
    EndsTooEarly,
    Last,
}
