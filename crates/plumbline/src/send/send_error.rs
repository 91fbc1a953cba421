//! The reasons why a sender stops before its end.

use crate::process::interrupt::EXIT_INTERRUPTED;

/// Exit code where some elements were rejected: `EX_DATAERR` of `sysexits.h`.
pub const EXIT_SOME_REJECTED: u8 = 65;
/// Exit code where the sender stopped before its end: `EX_TEMPFAIL` of `sysexits.h`. The same command goes on.
pub const EXIT_NOT_FINISHED: u8 = 75;

/// The sender did not take everything to its target.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Everything was sent, and the service rejected some of it.
    #[error("{rejected} of {received} elements were rejected; correct them and send them again: an element counts once")]
    Rejected {
        /// Rejected elements, and records that were not sent.
        rejected: u64,
        /// All elements.
        received: u64,
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted; run the same command again to go on: what was sent twice counts once")]
    Interrupted,
    /// The target did not answer for the time of `--give-up-after`.
    #[error("{target} does not take events: {fault}; run the same command again to go on: what was sent twice counts once")]
    Away {
        /// The target.
        target: String,
        /// The last fault.
        fault: String,
    },
    /// The target refuses the sender.
    #[error("{target} refuses the events: {fault}; correct this and run the same command again to go on")]
    Refused {
        /// The target.
        target: String,
        /// Status and detail.
        fault: String,
    },
}

impl SendError {
    /// The exit code.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            SendError::Rejected { .. } => EXIT_SOME_REJECTED,
            SendError::Interrupted => EXIT_INTERRUPTED,
            SendError::Away { .. } | SendError::Refused { .. } => EXIT_NOT_FINISHED,
        }
    }
}
