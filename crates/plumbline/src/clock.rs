//! The only place that asks what time it is, and the virtual time of `demo` and `replay` in its stead.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use scorecard::calendar::Timestamp;

/// Where the log's append times come from. Clones share one time.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A time that somebody sets, in milliseconds as in [`Timestamp`].
    Virtual(Arc<AtomicI64>),
}

impl Clock {
    /// A virtual clock that stands at `at` until it is set.
    #[must_use]
    pub fn standing_at(at: Timestamp) -> Clock {
        Clock::Virtual(Arc::new(AtomicI64::new(at.0)))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => system_now(),
            Clock::Virtual(at) => Timestamp(at.load(Ordering::Acquire)),
        }
    }

    /// Moves a virtual clock, for all its clones. The machine's clock is not ours to set: nothing happens.
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
    fn clones_of_a_virtual_clock_share_its_time() {
        let clock = Clock::standing_at(Timestamp(5));
        let other = clock.clone();
        clock.set(Timestamp(-7));
        assert_eq!(other.now(), Timestamp(-7));
    }
}
