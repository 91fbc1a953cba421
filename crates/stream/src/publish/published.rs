//! The published state, read back from the topics after fencing [11]. Revisions therefore have no gap after a change of
//! publisher.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use scorecard::card::fingerprint::group_fingerprint;
use scorecard::card::peer_group::{PeerGroup, PeerKey, PeerSnapshot};
use scorecard::card::scorecard::{Scorecard, Status, Subject};
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::thresholds::{Thresholds, holds_thresholds, quarter_of};
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::{Outcome, Record, Run};
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::schedule::Schedule;

use crate::limits::{RECORDS_PER_READ, WINDOW_MONTHS};
use crate::log::{CARD_PARTITIONS, Log, LogEntry, LogError, Topic};

/// The fields of a card's last revision that decide about the next one.
#[derive(Clone, Debug)]
pub(crate) struct LastRevision {
    pub id: String,
    pub revision: u32,
    pub status: Status,
    pub content_hash: String,
    pub month_sums: String,
    pub subject: Subject,
    pub recorded: i64,
    pub amended: i64,
    pub retracted: i64,
}

impl LastRevision {
    /// The unit of a card.
    pub(crate) fn unit(card: &Scorecard) -> UnitKey {
        let subject = &card.content.subject;
        UnitKey { person: subject.clinician.clone(), practice: subject.practice.clone() }
    }

    pub(crate) fn of(card: &Scorecard) -> LastRevision {
        LastRevision {
            id: card.scorecard_id.clone(),
            revision: card.revision,
            status: card.content.status,
            content_hash: card.content_hash.clone(),
            month_sums: card.quality.month_sums.clone(),
            subject: card.content.subject.clone(),
            recorded: card.quality.recorded,
            amended: card.quality.amended,
            retracted: card.quality.retracted,
        }
    }
}

/// The published state: the last revisions of open months, frozen peers and runs.
#[derive(Debug, Default)]
pub(crate) struct PublishedState {
    pub cards: BTreeMap<Month, BTreeMap<UnitKey, LastRevision>>,
    pub frozen: BTreeMap<Month, PeerTable>,
    /// Thresholds by the first month of their quarter.
    pub thresholds: BTreeMap<Month, Thresholds>,
    /// Fingerprint of the last published version of each peer group.
    pub groups: BTreeMap<PeerKey, u128>,
    /// The last cut, published or skipped.
    pub last_cut: Option<Timestamp>,
    /// The last cut that was published.
    pub last_run: Option<Run>,
    /// The run that sealed each month, with the digests of its rows.
    pub sealing: BTreeMap<Month, Run>,
    /// Months that a skipped cut sealed. No run has recorded the digests of their rows.
    pub unrecorded: BTreeSet<Month>,
}

/// Calls `each` with every record of a partition.
pub(crate) fn read_all(
    log: &mut impl Log,
    topic: Topic,
    partition: u32,
    mut each: impl FnMut(LogEntry<'_>),
) -> Result<u64, LogError> {
    let mut from = log.bounds(topic, partition)?.start;
    loop {
        let next = log.read(topic, partition, from, RECORDS_PER_READ, &mut |entry| {
            each(entry);
            ControlFlow::Continue(())
        })?;
        if next == from {
            return Ok(next);
        }
        from = next;
    }
}

impl PublishedState {
    /// Reads the state from the topics.
    pub(crate) fn read(log: &mut impl Log, schedule: &Schedule) -> Result<PublishedState, LogError> {
        let mut published = PublishedState::default();
        read_all(log, Topic::Runs, 0, |entry| {
            if let Record::Run(run) = entry.record {
                published.add_run(run, schedule);
            }
        })?;
        let open_from = published.open_from(schedule);
        for partition in 0..CARD_PARTITIONS {
            read_all(log, Topic::Scorecards, partition, |entry| {
                if let Record::Scorecard(card) = entry.record {
                    published.add_card(&card, open_from);
                }
            })?;
        }
        published.read_peers(log, open_from)?;
        Ok(published)
    }

    /// The first month that was open after the last cut. A skipped cut seals months like any other, because tally skips none.
    pub(crate) fn open_from(&self, schedule: &Schedule) -> Month {
        self.last_cut.map_or(Month::EARLIEST, |at| schedule.open_from(at))
    }

    /// Adds a run.
    pub(crate) fn add_run(&mut self, run: Run, schedule: &Schedule) {
        let before = self.open_from(schedule);
        self.last_cut = self.last_cut.max(Some(run.at));
        if run.outcome != Outcome::Published {
            let open_from = self.open_from(schedule);
            let from = before.max(open_from.plus(-WINDOW_MONTHS));
            self.unrecorded.extend((from.0..open_from.0).map(Month));
            return;
        }
        for sealed in &run.sealed {
            self.sealing.entry(sealed.month).or_insert_with(|| run.clone());
        }
        if self.last_run.as_ref().is_none_or(|last| run.at > last.at) {
            self.last_run = Some(run);
        }
    }

    /// Adds a revision of a card of an open month.
    pub(crate) fn add_card(&mut self, card: &Scorecard, open_from: Month) {
        let month = card.content.period.month;
        if month < open_from {
            return;
        }
        let key = LastRevision::unit(card);
        let cards = self.cards.entry(month).or_default();
        if cards.get(&key).is_none_or(|last| last.revision < card.revision) {
            cards.insert(key, LastRevision::of(card));
        }
    }

    fn read_peers(&mut self, log: &mut impl Log, open_from: Month) -> Result<(), LogError> {
        let mut frozen: BTreeMap<Month, BTreeMap<PeerKey, PeerGroup>> = BTreeMap::new();
        let mut thresholds: BTreeMap<Month, Vec<PeerGroup>> = BTreeMap::new();
        let mut snapshots: BTreeMap<Month, BTreeMap<(PeerKey, u32), PeerSnapshot>> = BTreeMap::new();
        read_all(log, Topic::PeerGroups, 0, |entry| {
            let Record::PeerGroup(group) = entry.record else { return };
            if holds_thresholds(&group) {
                if group.key.month >= quarter_of(open_from) {
                    thresholds.entry(group.key.month).or_default().push(*group);
                }
            } else if group.key.month >= open_from {
                self.groups.insert(group.key.clone(), group_fingerprint(&group));
                if group.frozen {
                    frozen.entry(group.key.month).or_default().insert(group.key.clone(), *group);
                }
            }
        })?;
        self.thresholds = thresholds.into_iter().map(|(quarter, groups)| (quarter, Thresholds::of_groups(groups))).collect();
        read_all(log, Topic::PeerSnapshots, 0, |entry| {
            if let Record::PeerSnapshot(snapshot) = entry.record
                && snapshot.key.month >= open_from
            {
                let of_month = snapshots.entry(snapshot.key.month).or_default();
                of_month.insert((snapshot.key.clone(), snapshot.chunk), snapshot);
            }
        })?;
        for (month, groups) in frozen {
            let values = snapshots.remove(&month).unwrap_or_default().into_values().collect();
            let table = PeerTable::from_frozen(groups.into_values().collect(), values)
                .map_err(|e| LogError::Damaged { what: format!("the frozen peers of {month}"), source: e.into() })?;
            self.frozen.insert(month, table);
        }
        Ok(())
    }

    /// Drops the state that no later run can change.
    pub(crate) fn drop_before(&mut self, open_from: Month, rows_from: Month) {
        self.cards = self.cards.split_off(&open_from);
        self.frozen = self.frozen.split_off(&open_from);
        self.thresholds = self.thresholds.split_off(&quarter_of(open_from));
        self.groups.retain(|key, _| key.month >= open_from);
        self.sealing = self.sealing.split_off(&rows_from);
        self.unrecorded = self.unrecorded.split_off(&rows_from);
    }
}
