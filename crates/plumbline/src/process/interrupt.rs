//! Ctrl-C: the first one ends the command after the current step, the second one at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Exit code of an interrupted command: 128 + SIGINT, by the convention of shells.
pub const EXIT_INTERRUPTED: u8 = 130;

/// The command stopped after an interrupt and removed its unfinished output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted: unfinished output is removed; run the command again to restart")]
pub struct CleanStop;

/// The request to stop, checked between steps. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for SIGINT (Ctrl-C) and SIGTERM.
    ///
    /// # Errors
    /// When the system rejects the signal handler.
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

    /// Requests a stop, as Ctrl-C does.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether a stop is requested.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// The check between two steps.
    ///
    /// # Errors
    /// [`CleanStop`] when a stop is requested.
    pub fn check(&self) -> Result<(), CleanStop> {
        if self.asked() { Err(CleanStop) } else { Ok(()) }
    }
}
