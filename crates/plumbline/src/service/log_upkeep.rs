//! The upkeep of the embedded log: a thread that removes expired and outdated records.

use std::time::Instant;

use stream::log::{LogError, with_sources};
use tracing::{info, warn};

use crate::log::any_log::AnyLog;
use crate::log::local_log::LocalLog;
use crate::log::log_trimmer::LogTrimmer;
use crate::process::clock::Clock;
use crate::process::limits::{CLOCK_JUMP, FIRST_LOG_TRIM, LAG_CHECK_INTERVAL, LOG_TRIM_INTERVAL};
use crate::process::shutdown_signal::ShutdownSignal;
use crate::service::worker::WorkerContext;

/// Keeps the embedded log small until `leave`. A failure is logged, and the next pass goes on.
///
/// # Errors
/// None. The signature is that of every thread.
pub fn keep_up(work: &WorkerContext, leave: &ShutdownSignal) -> Result<(), LogError> {
    let AnyLog::Local(log) = &work.log else { return Ok(()) };
    let (mut log, mut trimmer, mut steadiness) = (log.clone(), LogTrimmer::default(), ClockSteadiness::of(&work.clock));
    let mut due = work.clock.now().plus_seconds(seconds(FIRST_LOG_TRIM));
    while !leave.wait(LAG_CHECK_INTERVAL) {
        let now = work.clock.now();
        // A task that replays the log reads records that are about to expire. Where the log or the disk is at fault, nothing is removed.
        if now < due || !steadiness.is_steady(&work.clock) || work.status.not_ready(now).is_some() {
            continue;
        }
        due = now.plus_seconds(seconds(LOG_TRIM_INTERVAL));
        if let Err(error) = pass(work, &mut log, &mut trimmer) {
            warn!(error = with_sources(&error), "the log is not trimmed; the next pass tries again");
        }
    }
    Ok(())
}

fn pass(work: &WorkerContext, log: &mut LocalLog, trimmer: &mut LogTrimmer) -> Result<(), LogError> {
    let begun = Instant::now();
    let counts = trimmer.trim(log, work.clock.now())?;
    if counts.revisions > 0
        && let Some(mut cards) = work.cards.clone()
    {
        cards.rebuild()?;
    }
    if counts.expired + counts.outdated > 0 {
        info!(expired = counts.expired, outdated = counts.outdated, seconds = begun.elapsed().as_secs(), "log trimmed");
    }
    Ok(())
}

fn seconds(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Compares the clock with the time that passed since the start.
#[derive(Debug)]
struct ClockSteadiness {
    began: Instant,
    showed: i64,
    was_steady: bool,
}

impl ClockSteadiness {
    fn of(clock: &Clock) -> ClockSteadiness {
        ClockSteadiness { began: Instant::now(), showed: clock.now().0, was_steady: true }
    }

    /// False while the clock differs by more than a day from the time that passed: a wrong clock must not let records expire. A start
    /// checks the clock, too. A clock of a demonstration is fast on purpose.
    fn is_steady(&mut self, clock: &Clock) -> bool {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let jumped = (clock.now().0 - self.showed - passed).unsigned_abs();
        let is_steady = clock.is_fast() || u128::from(jumped) < CLOCK_JUMP.as_millis();
        if self.was_steady && !is_steady {
            warn!(
                jumped_seconds = jumped / 1_000,
                "the clock jumped, and no record of the log expires; check the clock, then restart"
            );
        }
        self.was_steady = is_steady;
        is_steady
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scorecard::time::calendar::Timestamp;

    #[test]
    fn a_clock_that_jumps_a_day_is_not_steady_until_it_is_put_right() {
        let clock = Clock::standing_at(Timestamp(1_800_000_000_000));
        let mut steadiness = ClockSteadiness::of(&clock);
        let day = 86_400;
        for (seconds, expected) in [(0, true), (day - 60, true), (day + 60, false), (-day - 60, false), (0, true)] {
            clock.set(Timestamp(1_800_000_000_000).plus_seconds(seconds));
            assert_eq!(steadiness.is_steady(&clock), expected, "{seconds}");
        }
    }
}
