//! The erasure of a patient: every event of the patient in the log is retracted.
//!
//! Two passes read the events. The first finds the ids of which any version has a pseudonym of the patient, the second decides by the
//! rules of the fold which version of each id counts. Only a version of the patient is retracted: a correction may have moved the event
//! to another patient.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scorecard::event::{Action, Batch, Detail, Event, IdScope, Pseudonym};
use scorecard::record::item::{Feed, Item};
use scorecard::record::log_record::Record;
use scorecard::registry::entry::{Entry, EntrySource, EventFence};
use scorecard::time::calendar::Timestamp;
use serde::{Deserialize, Serialize};
use stream::intake::intake_task::Intake;
use stream::log::{Log, LogError, Topic};

use crate::process::limits::EVENTS_PER_BATCH;

/// The highest version that a sender may use. A retraction cannot exceed it, so such an event is fenced.
const HIGHEST_VERSION: u64 = 1 << 53;

/// The effect of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasureMode {
    /// It counts only.
    DryRun,
    /// It retracts.
    Erase,
}

/// The result of an erasure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureOutcome {
    /// Events that count for the patient, and that the erasure retracts.
    pub retracted: u64,
    /// Events of the patient that counted nowhere before: retracted, or corrected to another patient.
    pub void: u64,
    /// Records of events in the log with a pseudonym of the patient, each version as often as the log has it.
    pub records: u64,
    /// Append time of the newest of them, milliseconds since 1970.
    pub newest: Option<i64>,
}

/// An event by feed, kind and id. The kind counts only where ids are unique for each kind.
type EventName = (String, Option<u8>, String);

/// The version of an event that counts, as far as the log was read.
#[derive(Debug)]
struct CountingVersion {
    rank: u64,
    /// The highest version so far, also before a fence.
    highest: u64,
    action: Action,
    is_patients: bool,
    detail: Detail<'static>,
    feed: Arc<Feed>,
}

/// Retracts the events of a patient, or counts them. Waits until the log has acknowledged the retractions.
///
/// # Errors
/// [`LogError`] when the log fails. A second erasure retracts what is missing.
pub fn erase_patient(
    log: &mut impl Log,
    partitions: u32,
    pseudonyms: &BTreeSet<Pseudonym>,
    mode: ErasureMode,
) -> Result<ErasureOutcome, LogError> {
    let mut outcome = ErasureOutcome::default();
    let mut intake = Intake::new(partitions, EVENTS_PER_BATCH);
    for partition in 0..partitions {
        let names = names_of(log, partition, pseudonyms, &mut outcome)?;
        for ((_, _, id), version) in counting(log, partition, pseudonyms, &names)? {
            if version.action != Action::Record || !version.is_patients {
                outcome.void += 1;
                continue;
            }
            outcome.retracted += 1;
            if mode == ErasureMode::Erase {
                intake.take(log, version.retraction(id))?;
            }
        }
    }
    intake.flush(log)?;
    Ok(outcome)
}

/// The events of which any version has a pseudonym of the patient.
fn names_of(
    log: &mut impl Log,
    partition: u32,
    pseudonyms: &BTreeSet<Pseudonym>,
    outcome: &mut ErasureOutcome,
) -> Result<BTreeSet<EventName>, LogError> {
    let mut names = BTreeSet::new();
    let mut from = log.bounds(Topic::Events, partition)?.start;
    log.read_to_end(Topic::Events, partition, &mut from, &mut |entry| {
        let Record::Batch(batch) = &entry.record else { return };
        let of_patient = |event: &&Event<'_>| event.patient.is_some_and(|patient| pseudonyms.contains(&patient));
        for event in batch.events.iter().filter(of_patient) {
            names.insert(name(batch, event));
            outcome.records += 1;
            let Timestamp(appended) = entry.appended;
            outcome.newest = outcome.newest.max(Some(appended));
        }
    })?;
    Ok(names)
}

/// The counting version of each of these events.
fn counting(
    log: &mut impl Log,
    partition: u32,
    pseudonyms: &BTreeSet<Pseudonym>,
    names: &BTreeSet<EventName>,
) -> Result<BTreeMap<EventName, CountingVersion>, LogError> {
    let mut versions: BTreeMap<EventName, CountingVersion> = BTreeMap::new();
    let mut from = log.bounds(Topic::Events, partition)?.start;
    log.read_to_end(Topic::Events, partition, &mut from, &mut |entry| match &entry.record {
        Record::Batch(batch) if !names.is_empty() => {
            for event in &batch.events {
                let name = name(batch, event);
                if names.contains(&name) {
                    let before = versions.remove(&name);
                    versions.insert(name, CountingVersion::after(before, batch, event, pseudonyms));
                }
            }
        }
        Record::Registry(Entry::Fence(fence)) if fence.source == Some(EntrySource::Operator) => {
            let fenced = |(feed, _, id): &EventName| *feed == fence.feed && *id == fence.id;
            versions.iter_mut().filter(|(name, _)| fenced(name)).for_each(|(_, version)| version.void());
        }
        _ => {}
    })?;
    Ok(versions)
}

impl CountingVersion {
    fn after(
        before: Option<CountingVersion>,
        batch: &Batch<'_>,
        event: &Event<'_>,
        pseudonyms: &BTreeSet<Pseudonym>,
    ) -> CountingVersion {
        let rank = match (event.version, &before) {
            (Some(version), _) => version.saturating_mul(2),
            // A delete without a version ranks half a version above the stored one.
            (None, Some(before)) => before.rank.saturating_add(1),
            (None, None) => 1,
        };
        let highest = event.version.unwrap_or(0).max(before.as_ref().map_or(0, |before| before.highest));
        match before {
            Some(before) if rank <= before.rank => CountingVersion { highest, ..before },
            _ => CountingVersion {
                rank,
                highest,
                action: event.action,
                is_patients: event.patient.is_some_and(|patient| pseudonyms.contains(&patient)),
                detail: emptied(&event.detail),
                feed: feed_of(batch),
            },
        }
    }

    /// Applies a fence: the next version counts.
    fn void(&mut self) {
        (self.rank, self.action, self.is_patients) = (0, Action::Retract, false);
    }

    fn retraction(self, id: String) -> Item<'static> {
        let CountingVersion { highest, detail, feed, .. } = self;
        if highest >= HIGHEST_VERSION {
            let source = Some(EntrySource::Operator);
            return Item::Registry(Entry::Fence(EventFence { feed: feed.name.to_string(), id, source }));
        }
        let event = Event { version: Some(highest + 1), action: Action::Retract, ..Event::new(id, detail) };
        Item::Event(feed, event)
    }
}

fn name(batch: &Batch<'_>, event: &Event<'_>) -> EventName {
    let kind = match &event.detail {
        Detail::Encounter(_) => 0,
        Detail::Prescription(_) => 1,
        Detail::Feedback(_) => 2,
        Detail::Order(_) => 3,
        Detail::Observation(_) => 4,
    };
    (batch.feed.to_string(), (batch.ids == IdScope::Kind).then_some(kind), event.id.to_string())
}

fn emptied(detail: &Detail<'_>) -> Detail<'static> {
    match detail {
        Detail::Encounter(_) => Detail::Encounter(None),
        Detail::Prescription(_) => Detail::Prescription(None),
        Detail::Feedback(_) => Detail::Feedback(None),
        Detail::Order(_) => Detail::Order(None),
        Detail::Observation(_) => Detail::Observation(None),
    }
}

/// The feed with the rules of the batch: those of the log, whatever the configuration says.
fn feed_of(batch: &Batch<'_>) -> Arc<Feed> {
    let practice = batch.practice.as_deref().map(Into::into);
    Arc::new(Feed { practice, versioning: batch.versioning, ids: batch.ids, ..Feed::undeclared(&batch.feed) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::local_log::{Durability, LocalLog};
    use crate::process::clock::Clock;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const ANN: Pseudonym = Pseudonym([1; 16]);
    const ANN_BEFORE: Pseudonym = Pseudonym([2; 16]);
    const BOB: Pseudonym = Pseudonym([3; 16]);

    fn event(id: &'static str, version: u64, patient: Option<Pseudonym>) -> Event<'static> {
        Event { version: Some(version), patient, ..Event::new(id, Detail::Encounter(None)) }
    }

    fn world(ids: IdScope, events: Vec<Event<'static>>) -> (tempfile::TempDir, LocalLog) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = LocalLog::open(&dir.path().join("log"), Clock::standing_at(NOW), Durability::Synced).unwrap();
        add(&mut log, ids, events);
        (dir, log)
    }

    fn add(log: &mut LocalLog, ids: IdScope, events: Vec<Event<'static>>) {
        let feed = Arc::new(Feed { ids, ..Feed::undeclared("north") });
        let mut intake = Intake::new(4, 2);
        for event in events {
            intake.take(log, Item::Event(feed.clone(), event)).unwrap();
        }
        intake.flush(log).unwrap();
    }

    fn erased(log: &mut LocalLog, mode: ErasureMode) -> (u64, u64, u64) {
        let ErasureOutcome { retracted, void, records, newest } =
            erase_patient(log, 4, &BTreeSet::from([ANN, ANN_BEFORE]), mode).unwrap();
        assert_eq!(newest, (records > 0).then_some(NOW.0));
        (retracted, void, records)
    }

    /// The retractions in the log: id and version.
    fn retractions(log: &mut LocalLog) -> Vec<(String, Option<u64>)> {
        let mut found = Vec::new();
        for partition in 0..4 {
            log.read_to_end(Topic::Events, partition, &mut 0, &mut |entry| {
                let Record::Batch(batch) = entry.record else { return };
                let retracted = batch.events.iter().filter(|event| event.action == Action::Retract);
                found.extend(retracted.map(|event| (event.id.to_string(), event.version)));
            })
            .unwrap();
        }
        found
    }

    #[test]
    fn every_event_of_the_patient_is_retracted_above_its_highest_version_and_no_other() {
        let events = vec![
            event("a", 1, Some(ANN)),
            event("a", 7, Some(ANN)),
            event("a", 3, Some(ANN)),
            event("b", 1, Some(ANN_BEFORE)),
            event("c", 1, Some(BOB)),
            event("d", 1, None),
        ];
        let (_dir, mut log) = world(IdScope::Feed, events);
        assert_eq!(erased(&mut log, ErasureMode::DryRun), (2, 0, 4));
        assert_eq!(retractions(&mut log), [], "a dry run changes nothing");
        assert_eq!(erased(&mut log, ErasureMode::Erase), (2, 0, 4));
        assert_eq!(retractions(&mut log), [("a".to_owned(), Some(8)), ("b".to_owned(), Some(2))]);
        assert_eq!(erased(&mut log, ErasureMode::Erase), (0, 2, 4), "a second erasure finds nothing to retract");
        assert_eq!(retractions(&mut log).len(), 2);
    }

    #[test]
    fn an_event_that_was_corrected_to_another_patient_stays_and_one_corrected_to_this_patient_goes() {
        let events = vec![
            event("to-bob", 1, Some(ANN)),
            event("to-bob", 2, Some(BOB)),
            event("to-ann", 1, Some(BOB)),
            event("to-ann", 2, Some(ANN)),
            // An older version that arrives late does not count.
            event("late", 2, Some(BOB)),
            event("late", 1, Some(ANN)),
        ];
        let (_dir, mut log) = world(IdScope::Feed, events);
        assert_eq!(erased(&mut log, ErasureMode::Erase), (1, 2, 3));
        assert_eq!(retractions(&mut log), [("to-ann".to_owned(), Some(3))]);
    }

    #[test]
    fn an_event_at_the_highest_version_is_fenced_and_a_fenced_event_that_was_sent_again_is_retracted() {
        let (_dir, mut log) = world(IdScope::Feed, vec![event("high", HIGHEST_VERSION, Some(ANN))]);
        assert_eq!(erased(&mut log, ErasureMode::Erase), (1, 0, 1));
        assert_eq!(retractions(&mut log), []);
        assert_eq!(erased(&mut log, ErasureMode::DryRun), (0, 1, 1), "the fence voids it");
        add(&mut log, IdScope::Feed, vec![event("high", 1, Some(ANN))]);
        assert_eq!(erased(&mut log, ErasureMode::DryRun), (1, 0, 2));
    }

    #[test]
    fn where_ids_are_unique_for_each_kind_another_kind_of_the_same_id_stays() {
        let other = Event { version: Some(1), patient: Some(BOB), ..Event::new("1", Detail::Prescription(None)) };
        let (_dir, mut log) = world(IdScope::Kind, vec![event("1", 4, Some(ANN)), other]);
        assert_eq!(erased(&mut log, ErasureMode::Erase), (1, 0, 1));
        assert_eq!(retractions(&mut log), [("1".to_owned(), Some(5))]);
    }
}
