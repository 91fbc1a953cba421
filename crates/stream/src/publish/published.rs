//! The published state, read back from the topics after fencing [11]. Revisions therefore have no gap after a change of
//! publisher.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use scorecard::card::fingerprint::group_fingerprint;
use scorecard::card::peer_snapshot::{PeerSnapshot, Purpose};
use scorecard::card::public_group::PeerKey;
use scorecard::card::scorecard::{Scorecard, Status, Subject};
use scorecard::peer_group::peer_table::PeerTable;
use scorecard::peer_group::unit::UnitKey;
use scorecard::record::log_record::{Outcome, Record, Run};
use scorecard::time::calendar::{Month, Timestamp};
use scorecard::time::schedule::Schedule;

use crate::limits::WINDOW_MONTHS;
use crate::log::{CARD_PARTITIONS, Log, LogEntry, LogError, Topic};
use crate::log_loss::LogLoss;
use crate::publish::coverage_pool::{CardCoverage, CoveragePool};

/// The fields of a card's last revision that decide about the next one.
#[derive(Clone, Debug)]
pub(crate) struct LastRevision {
    pub id: String,
    pub revision: u32,
    pub status: Status,
    pub content_hash: String,
    pub month_sums: String,
    pub subject: Subject,
    /// Shared by the cards of a practice.
    pub coverage: CardCoverage,
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

    /// Whether the card is shown: it is not withdrawn.
    pub(crate) fn is_shown(&self) -> bool {
        self.status != Status::Withdrawn
    }

    pub(crate) fn of(card: &Scorecard) -> LastRevision {
        LastRevision {
            id: card.scorecard_id.clone(),
            revision: card.revision,
            status: card.content.status,
            content_hash: card.content_hash.clone(),
            month_sums: card.quality.month_sums.clone(),
            subject: card.content.subject.clone(),
            coverage: Arc::new(card.content.coverage.clone()),
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
    /// The coverages of these cards.
    pub coverages: CoveragePool,
    /// The newest peers of each month: those of its week, or the frozen ones.
    pub peers: BTreeMap<Month, PeerTable>,
    /// Figures for the points of each quarter, by its first month.
    pub quarters: BTreeMap<Month, PeerTable>,
    /// Fingerprint of the last published version of each public group.
    pub groups: BTreeMap<PeerKey, u128>,
    /// The last cut, published or skipped.
    pub last_cut: Option<Timestamp>,
    /// The last cut that was published.
    pub last_run: Option<Run>,
    /// The run that sealed each month, with the digests of its rows.
    pub sealing: BTreeMap<Month, Run>,
    /// Cards of each month after the last run that changed it, without withdrawn ones.
    pub counted: BTreeMap<Month, u64>,
    /// The newest cut of a card that was read back.
    pub newest_card: Option<Timestamp>,
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
    log.read_to_end(topic, partition, &mut from, &mut each)?;
    Ok(from)
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
        published.counted = published.counted.split_off(&open_from);
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
        self.counted.extend(run.months.iter().map(|month| (month.month, month.cards)));
        for sealed in &run.sealed {
            self.sealing.entry(sealed.month).or_insert_with(|| run.clone());
        }
        if self.last_run.as_ref().is_none_or(|last| run.at > last.at) {
            self.last_run = Some(run);
        }
    }

    /// Adds a revision of a card of an open month.
    pub(crate) fn add_card(&mut self, card: &Scorecard, open_from: Month) {
        self.newest_card = self.newest_card.max(Some(card.cut));
        let month = card.content.period.month;
        if month < open_from {
            return;
        }
        let key = LastRevision::unit(card);
        let cards = self.cards.entry(month).or_default();
        if cards.get(&key).is_none_or(|last| last.revision < card.revision) {
            let mut last = LastRevision::of(card);
            self.coverages.share(&mut last.coverage);
            cards.insert(key, last);
        }
    }

    /// Checks that runs and cards that were read back belong together: one transaction wrote both.
    ///
    /// # Errors
    /// [`LogLoss::Runs`] or [`LogLoss::Cards`] when one of the topics has lost records.
    pub(crate) fn check_whole(&self) -> Result<(), LogLoss> {
        if let Some(card) = self.newest_card.filter(|card| Some(*card) > self.last_cut) {
            return Err(LogLoss::Runs { card, last: self.last_cut });
        }
        let found = |month| self.cards.get(month).map_or(0, |cards| cards.values().filter(|last| last.is_shown()).count() as u64);
        let mut lost = self.counted.iter().map(|(month, counted)| (*month, found(month), *counted));
        let lost = lost.find(|(_, found, counted)| found < counted);
        lost.map_or(Ok(()), |(month, found, counted)| Err(LogLoss::Cards { month, found, counted }))
    }

    fn read_peers(&mut self, log: &mut impl Log, open_from: Month) -> Result<(), LogError> {
        read_all(log, Topic::PeerGroups, 0, |entry| {
            if let Record::PeerGroup(group) = entry.record
                && group.key.month >= open_from
            {
                self.groups.insert(group.key.clone(), group_fingerprint(&group));
            }
        })?;
        let mut months: BTreeMap<Month, ChunkMap> = BTreeMap::new();
        let mut quarters: BTreeMap<Month, ChunkMap> = BTreeMap::new();
        read_all(log, Topic::PeerSnapshots, 0, |entry| {
            let Record::PeerSnapshot(snapshot) = entry.record else { return };
            let (of_purpose, first) = match snapshot.purpose {
                Purpose::Month => (&mut months, open_from),
                Purpose::Quarter => (&mut quarters, quarter_of(open_from)),
            };
            if snapshot.key.month >= first {
                of_purpose.entry(snapshot.key.month).or_default().insert((snapshot.key.clone(), snapshot.chunk), snapshot);
            }
        })?;
        self.peers = tables(months)?;
        self.quarters = tables(quarters)?;
        Ok(())
    }

    /// Drops the state that no later run can change.
    pub(crate) fn drop_before(&mut self, open_from: Month, rows_from: Month) {
        self.cards = self.cards.split_off(&open_from);
        self.counted = self.counted.split_off(&open_from);
        self.peers = self.peers.split_off(&open_from);
        self.quarters = self.quarters.split_off(&quarter_of(open_from));
        self.groups.retain(|key, _| key.month >= open_from);
        self.coverages.drop_unused();
        self.sealing = self.sealing.split_off(&rows_from);
        self.unrecorded = self.unrecorded.split_off(&rows_from);
    }
}

/// The newest record of each chunk.
type ChunkMap = BTreeMap<(PeerKey, u32), PeerSnapshot>;

fn tables(months: BTreeMap<Month, ChunkMap>) -> Result<BTreeMap<Month, PeerTable>, LogError> {
    let table = |(month, chunks): (Month, ChunkMap)| {
        let table = PeerTable::of_snapshots(chunks.into_values())
            .map_err(|e| LogError::Damaged { what: format!("the peers of {month}"), source: e.into() })?;
        Ok((month, table))
    };
    months.into_iter().map(table).collect()
}

/// The first month of this month's quarter.
pub(crate) fn quarter_of(month: Month) -> Month {
    month.plus(-month.0.rem_euclid(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quarters_begin_in_january_april_july_and_october() {
        let first = |text: &str| quarter_of(text.parse().unwrap()).to_string();
        let found = ["2026-01", "2026-03", "2026-04", "2026-09", "2026-10", "2026-12"].map(first);
        assert_eq!(found, ["2026-01", "2026-01", "2026-04", "2026-07", "2026-10", "2026-10"]);
    }
}
