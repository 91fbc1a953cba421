//! The only reader of the system clock, and the virtual clock of `demo` and `replay`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use scorecard::time::calendar::Timestamp;

/// Environment variable for a faster clock, `REAL,SHOWN,FACTOR`: at REAL (milliseconds since 1970) the clock shows SHOWN, and it runs
/// FACTOR times as fast. For tests and demonstrations.
pub const LAPSE_VARIABLE: &str = "PLUMBLINE_TIME_LAPSE";

/// The source of append times. Clones share one time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// The machine's clock, sped up. It is a function of the machine's clock, so it continues across restarts.
    Lapse {
        /// An instant of the machine's clock.
        real: Timestamp,
        /// The time that this clock shows at `real`.
        shown: Timestamp,
        /// Speed relative to the machine's clock, at least 1.
        factor: i64,
    },
    /// A time that the program sets, milliseconds as in [`Timestamp`].
    Virtual(Arc<AtomicI64>),
}

impl Clock {
    /// A virtual clock that shows `at` until it is set.
    #[must_use]
    pub fn standing_at(at: Timestamp) -> Clock {
        Clock::Virtual(Arc::new(AtomicI64::new(at.0)))
    }

    /// The fast clock of a value of [`LAPSE_VARIABLE`]; `None` for an invalid value.
    #[must_use]
    pub fn lapse(text: &str) -> Option<Clock> {
        let numbers: Vec<i64> = text.split(',').map(|number| number.trim().parse().ok()).collect::<Option<_>>()?;
        match numbers[..] {
            [real, shown, factor] if factor >= 1 => Some(Clock::Lapse { real: Timestamp(real), shown: Timestamp(shown), factor }),
            _ => None,
        }
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => system_now(),
            Clock::Lapse { real, shown, factor } => {
                let passed = system_now().0.saturating_sub(real.0).saturating_mul(*factor);
                Timestamp(shown.0.saturating_add(passed).clamp(Timestamp::EARLIEST.0, Timestamp::LATEST.0))
            }
            Clock::Virtual(at) => Timestamp(at.load(Ordering::Acquire)),
        }
    }

    /// Whether it is faster than the machine's clock, for a demonstration.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        matches!(self, Clock::Lapse { factor, .. } if *factor > 1)
    }

    /// Sets a virtual clock and its clones. Other clocks ignore the call.
    pub fn set(&self, to: Timestamp) {
        if let Clock::Virtual(at) = self {
            at.store(to.0, Ordering::Release);
        }
    }
}

fn system_now() -> Timestamp {
    let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()),
        Err(before) => i64::try_from(before.duration().as_millis()).map(|ms| -ms),
    };
    Timestamp(millis.unwrap_or(Timestamp::LATEST.0).clamp(Timestamp::EARLIEST.0, Timestamp::LATEST.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lapse_is_faster_than_the_machines_clock_and_needs_three_numbers() {
        let year = 365 * 86_400_000;
        let clock = Clock::lapse(&format!("{}, 1000, 10", system_now().0 - year)).unwrap();
        assert!((10 * year..20 * year).contains(&clock.now().0));
        for wrong in ["", "1,2", "1,2,0", "1,2,x", "1,2,3,4"] {
            assert!(Clock::lapse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn clones_of_a_virtual_clock_share_its_time() {
        let clock = Clock::standing_at(Timestamp(5));
        let other = clock.clone();
        clock.set(Timestamp(-7));
        assert_eq!(other.now(), Timestamp(-7));
    }
}
