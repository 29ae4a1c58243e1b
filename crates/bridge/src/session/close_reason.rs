//! Why a connection of a session is over.

/// Why a connection is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// It broke or went silent: the page may come back.
    Lost,
    /// The page has closed it: it is answered, and may come back.
    Left,
    /// The page is to begin anew: what it misses is not kept any more.
    Gap,
    /// It broke a rule of the protocol.
    Broken { rule: String },
    /// Another connection has the session.
    Replaced,
    /// The room has ended.
    RoomEnded,
    /// The server is going away.
    Draining,
    /// The owner has removed this person.
    Removed,
}
