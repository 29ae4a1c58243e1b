//! Why a file cannot be read as a recording.

use proto::limits::Limit;

/// Why bytes are no recording that can be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// They do not begin as one does.
    #[error("this is no recording of Wireside")]
    NoRecording,
    /// A later version of the format; its name.
    #[error("this recording was made by a newer Wireside than this one ({0})")]
    Newer(String),
    /// One of the format's bounds is passed.
    #[error("this recording is larger than recordings can be ({}: at most {})", .0.name(), .0.value())]
    TooLarge(Limit),
    /// A line is not what it should be.
    #[error("this recording is damaged: line {line} cannot be read")]
    Malformed {
        /// Which, from 1.
        line: usize,
    },
    /// The end is missing.
    #[error("this recording is cut off: {missing} of its events are missing")]
    Cut {
        /// How many of the events that the header announces.
        missing: u64,
    },
}
