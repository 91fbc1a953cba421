//! Ctrl-C: the first asks to end after the current step, the second ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of a command that was interrupted: 128 + SIGINT, as shells expect it.
pub const EXIT_INTERRUPTED: u8 = 130;

/// Somebody asked to stop, and it was done cleanly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; what was unfinished is removed, run the command again to begin anew")]
pub struct CleanStop;

/// Whether somebody asked to stop. Looked at between steps; clones share the answer.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens to Ctrl-C and to the system's request to terminate.
    ///
    /// # Errors
    /// When the system does not let this process handle signals.
    pub fn on_ctrl_c() -> Result<Interrupt, ctrlc::Error> {
        let interrupt = Interrupt::default();
        let asked = interrupt.clone();
        ctrlc::set_handler(move || {
            if asked.0.swap(true, Ordering::AcqRel) {
                std::process::exit(i32::from(EXIT_INTERRUPTED));
            }
        })?;
        Ok(interrupt)
    }

    /// Asks to stop, as Ctrl-C does.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody asked to stop.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// For the places between two steps.
    ///
    /// # Errors
    /// [`CleanStop`] when somebody asked to stop.
    pub fn check(&self) -> Result<(), CleanStop> {
        if self.asked() { Err(CleanStop) } else { Ok(()) }
    }
}
