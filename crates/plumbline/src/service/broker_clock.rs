//! The check of the machine's clock against that of the brokers before a service over Kafka starts.
//!
//! The brokers stamp each record of `events` with their own time. The check appends a record without content, which no fold counts, and
//! reads its time back.

use std::time::Duration;

use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::{Log, LogError, Topic};

use crate::process::clock::Clock;
use crate::process::limits::CLOCK_DIFFERENCE;

/// A clock that differs from that of the brokers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock shows {ours}, and the brokers stamped a record with {brokers}: they differ by {} s, and {} s are allowed. Set the clock \
     that is wrong, for example with NTP; to start nevertheless, add --accept-clock",
    difference.as_secs(),
    CLOCK_DIFFERENCE.as_secs()
)]
pub struct BrokerClockError {
    ours: Timestamp,
    brokers: Timestamp,
    difference: Duration,
}

/// Why the clock cannot be compared, or is refused.
#[derive(Debug, thiserror::Error)]
pub enum BrokerClockCheckError {
    /// The clock is refused.
    #[error(transparent)]
    Differs(#[from] BrokerClockError),
    /// The log fails.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Checks that a record which this process appends now has its time, apart from [`CLOCK_DIFFERENCE`].
///
/// # Errors
/// [`BrokerClockCheckError`].
pub fn check(log: &mut impl Log, clock: &Clock) -> Result<(), BrokerClockCheckError> {
    let sent = clock.now();
    let key = format!("clock|{}|{}", std::process::id(), sent.0);
    let mut from = log.bounds(Topic::Events, 0)?.end;
    log.append(Topic::Events, 0, &key, &Record::Tombstone)?;
    log.flush()?;
    let mut stamped = None;
    log.read_to_end(Topic::Events, 0, &mut from, &mut |entry| {
        if entry.key == key {
            stamped = Some(entry.appended);
        }
    })?;
    // Retention or another writer's open transaction may hide the record; then there is nothing to compare.
    match stamped {
        Some(brokers) => Ok(compare(sent, clock.now(), brokers)?),
        None => Ok(()),
    }
}

/// The brokers stamped the record between two looks at the clock, so a slow answer is no difference.
fn compare(sent: Timestamp, received: Timestamp, brokers: Timestamp) -> Result<(), BrokerClockError> {
    let (behind, ahead) = (brokers.0.saturating_sub(received.0), sent.0.saturating_sub(brokers.0));
    let ours = if behind > ahead { received } else { sent };
    let difference = Duration::from_millis(u64::try_from(behind.max(ahead)).unwrap_or(0));
    if difference > CLOCK_DIFFERENCE { Err(BrokerClockError { ours, brokers, difference }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::local_log::{Durability, LocalLog};

    const NOW: i64 = 1_800_000_000_000;

    /// The embedded log stamps records with the clock that it was opened with, as brokers do with theirs.
    fn checked(ours: i64) -> Result<(), BrokerClockCheckError> {
        let dir = tempfile::tempdir().unwrap();
        let brokers = Clock::standing_at(Timestamp(NOW));
        let mut log = LocalLog::open(&dir.path().join("log"), brokers, Durability::Synced).unwrap();
        check(&mut log, &Clock::standing_at(Timestamp(ours)))
    }

    #[test]
    fn a_clock_more_than_five_minutes_ahead_of_the_brokers_or_behind_them_is_refused() {
        for (difference, seconds) in [(-300_001, 300), (300_001, 300), (731 * 86_400_000, 731 * 86_400), (-3_600_000, 3_600)] {
            let Err(BrokerClockCheckError::Differs(refused)) = checked(NOW + difference) else { panic!("{difference} passed") };
            assert_eq!(refused.difference.as_secs(), seconds);
            let text = refused.to_string();
            assert!(text.contains("--accept-clock") && text.contains("300 s are allowed"), "{text}");
        }
        for difference in [-300_000, -1, 0, 300_000] {
            assert!(checked(NOW + difference).is_ok(), "{difference}");
        }
    }

    #[test]
    fn a_slow_answer_of_the_brokers_is_no_difference() {
        let at = |seconds: i64| Timestamp(NOW + 1_000 * seconds);
        assert_eq!(compare(at(0), at(900), at(450)), Ok(()));
        assert!(compare(at(0), at(900), at(1_300)).is_err());
    }
}
