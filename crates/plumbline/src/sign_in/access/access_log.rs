//! The log of looks at cards of others: the topic `access`. A look that is not durable is refused, so that none goes unseen.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use scorecard::record::access_record::AccessRecord;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::{Month, Timestamp, Zone};
use stream::log::{Log, LogError, Topic};

use crate::log::any_log::AnyLog;
use crate::process::limits::{ACCESS_MONTHS, LOOKS_IN_MEMORY};

/// The log, with its newest looks in memory.
#[derive(Debug)]
pub struct AccessLog {
    log: Mutex<AnyLog>,
    looks: Mutex<KnownLooks>,
    zone: Zone,
}

#[derive(Debug, Default)]
struct KnownLooks {
    /// Oldest first.
    looks: VecDeque<AccessRecord>,
    position: Option<u64>,
}

impl AccessLog {
    /// The log of a deployment in this zone. Nothing is read yet.
    #[must_use]
    pub fn new(log: AnyLog, zone: Zone) -> AccessLog {
        AccessLog { log: Mutex::new(log), looks: Mutex::default(), zone }
    }

    /// Adds a look. When it returns, the look is as durable as an event.
    ///
    /// # Errors
    /// [`LogError`] when the look is not recorded. The reader must not see the card then.
    pub fn record(&self, look: AccessRecord) -> Result<(), LogError> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let key = look.clinician.clone().unwrap_or_default();
        let appended = log.append(Topic::Access, 0, &key, &Record::Access(look)).and_then(|()| log.flush());
        if appended.is_err() {
            // A new handle has an empty buffer: a look that was refused must not appear later.
            let fresh = log.clone();
            *log = fresh;
        }
        appended
    }

    /// Reads what the log has since the last call.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    pub fn follow(&self) -> Result<(), LogError> {
        // A handle of its own: a look need not wait for a long read.
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut known = self.known();
        let mut position = match known.position {
            Some(position) => position,
            None => log.bounds(Topic::Access, 0)?.start,
        };
        let looks = &mut known.looks;
        log.read_to_end(Topic::Access, 0, &mut position, &mut |entry| {
            if let Record::Access(look) = entry.record {
                looks.push_back(look);
                if looks.len() > LOOKS_IN_MEMORY {
                    looks.pop_front();
                }
            }
        })?;
        known.position = Some(position);
        Ok(())
    }

    /// The looks at a card that are shown now, newest first.
    #[must_use]
    pub fn of_card(&self, clinician: &str, practice: &str, month: Month, now: Timestamp) -> Vec<AccessRecord> {
        self.selected(now, &|look| look.includes(clinician, practice, month))
    }

    /// All looks that are shown now, newest first: those at the cards of a person, or everybody's.
    #[must_use]
    pub fn of(&self, clinician: Option<&str>, now: Timestamp) -> Vec<AccessRecord> {
        self.selected(now, &|look| clinician.is_none_or(|wanted| look.clinician.as_deref().is_none_or(|of| of == wanted)))
    }

    fn selected(&self, now: Timestamp, wanted: &dyn Fn(&AccessRecord) -> bool) -> Vec<AccessRecord> {
        let since = self.zone.plus(now, 0, -ACCESS_MONTHS);
        self.known().looks.iter().rev().filter(|look| look.at >= since && wanted(look)).cloned().collect()
    }

    fn known(&self) -> MutexGuard<'_, KnownLooks> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::local_log::{Durability, LocalLog};
    use crate::process::clock::Clock;

    fn open(dir: &std::path::Path) -> AccessLog {
        let log = LocalLog::open(dir, Clock::standing_at(Timestamp(0)), Durability::Synced).unwrap();
        AccessLog::new(AnyLog::Local(log), Zone::london())
    }

    fn look(at: Timestamp, clinician: Option<&str>) -> AccessRecord {
        let month = Some("2026-09".parse().unwrap());
        let (reader, clinician) = ("dr-lead".to_owned(), clinician.map(str::to_owned));
        AccessRecord { at, reader, clinician, practice: Some("A1".to_owned()), month, ..AccessRecord::default() }
    }

    #[test]
    fn looks_survive_a_restart_and_are_shown_for_25_months_to_the_person_whom_they_are_about() {
        let dir = tempfile::tempdir().unwrap();
        let zone = Zone::london();
        let now = zone.start_of(scorecard::time::calendar::Day::from_ymd(2026, 11, 30).unwrap());
        let log = open(dir.path());
        let limit = zone.plus(now, 0, -25);
        let (old, young) = (zone.plus(limit, -1, 0), zone.plus(limit, 1, 0));
        for one in [look(old, Some("p1")), look(young, Some("p1")), look(now, None), look(now, Some("p2"))] {
            log.record(one).unwrap();
        }
        drop(log);
        let log = open(dir.path());
        log.follow().unwrap();
        log.follow().unwrap();
        let month = "2026-09".parse().unwrap();
        let seen: Vec<Option<String>> = log.of_card("p1", "A1", month, now).into_iter().map(|look| look.clinician).collect();
        assert_eq!(seen, [None, Some("p1".to_owned())], "newest first, and none older than 25 months");
        assert_eq!(log.of_card("p1", "A2", month, now).len() + log.of_card("p1", "A1", month.plus(1), now).len(), 0);
        assert_eq!((log.of(None, now).len(), log.of(Some("p2"), now).len()), (3, 2));
    }
}
