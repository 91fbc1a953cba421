//! Ctrl-C: the first one ends the command after the current step, the second one at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use signal_hook::consts::signal::SIGHUP;
use signal_hook::consts::signal::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Exit code of an interrupted command: 128 + SIGINT, by the convention of shells.
pub const EXIT_INTERRUPTED: u8 = 130;

/// The command stopped after an interrupt and removed its unfinished output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted: unfinished output is removed; run the command again to restart")]
pub struct CleanStop;

/// The request to stop, checked between steps, and that to read the configuration again. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens for SIGINT (Ctrl-C), SIGTERM and SIGHUP (a closed terminal): each stops the command.
    ///
    /// # Errors
    /// When the system rejects the signal handler.
    pub fn on_ctrl_c() -> io::Result<Interrupt> {
        let interrupt = Interrupt::default();
        interrupt.stop_at(&[SIGINT, SIGTERM])?;
        #[cfg(unix)]
        interrupt.stop_at(&[SIGHUP])?;
        Ok(interrupt)
    }

    /// Listens for SIGINT and SIGTERM, and for SIGHUP, which asks a service to read its configuration again.
    ///
    /// # Errors
    /// When the system rejects the signal handler.
    pub fn of_a_service() -> io::Result<Interrupt> {
        let interrupt = Interrupt::default();
        interrupt.stop_at(&[SIGINT, SIGTERM])?;
        #[cfg(unix)]
        flag::register(SIGHUP, interrupt.reload.clone())?;
        Ok(interrupt)
    }

    fn stop_at(&self, signals: &[i32]) -> io::Result<()> {
        for signal in signals {
            // This handler runs before the next one sets the flag, so only a second signal ends the process.
            flag::register_conditional_shutdown(*signal, EXIT_INTERRUPTED.into(), self.stop.clone())?;
            flag::register(*signal, self.stop.clone())?;
        }
        Ok(())
    }

    /// Whether a reload was requested since the last call.
    #[must_use]
    pub fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::AcqRel)
    }

    /// Requests a stop, as Ctrl-C does.
    pub fn ask(&self) {
        self.stop.store(true, Ordering::Release);
    }

    /// Whether a stop is requested.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// The check between two steps.
    ///
    /// # Errors
    /// [`CleanStop`] when a stop is requested.
    pub fn check(&self) -> Result<(), CleanStop> {
        if self.asked() { Err(CleanStop) } else { Ok(()) }
    }
}
