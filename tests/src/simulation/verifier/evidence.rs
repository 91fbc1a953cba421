//! The topics of a finished history, as a subscriber without a gap reads them.

use std::cell::RefCell;
use std::rc::Rc;

use scorecard::card::scorecard::Scorecard;
use scorecard::record::log_record::{Mark, Outcome, Record, Run};
use scorecard::registry::entry::{Entry, EntrySource};
use scorecard::time::calendar::{Month, Timestamp};
use stream::log::Topic;

use crate::simulation::log::broker::Broker;
use crate::simulation::measure_sets::Set;
use crate::simulation::plan::{Plan, Retention};
use crate::simulation::verifier::definition::{Definition, TickState};
use crate::simulation::verifier::month_states::MonthStates;

/// A record with its offset, its number in the log and its append time.
#[derive(Clone, Debug)]
pub(crate) struct TopicRecord<T> {
    pub offset: u64,
    pub sequence: u64,
    pub appended: Timestamp,
    pub what: T,
}

/// The topics of a finished history, decoded.
pub(crate) struct Evidence<'a> {
    pub plan: &'a Plan,
    pub sets: &'a [Set; 2],
    pub states: MonthStates,
    pub broker: Rc<RefCell<Broker>>,
    /// The correct rows and outcomes of each partition of events.
    pub partitions: Vec<Definition>,
    /// Number of events in each partition.
    pub events: Vec<u64>,
    pub months: Vec<TopicRecord<Record<'static>>>,
    pub registry: Vec<TopicRecord<Record<'static>>>,
    pub runs: Vec<TopicRecord<Run>>,
    /// All revisions in order of storage.
    pub cards: Vec<TopicRecord<Scorecard>>,
}

impl Evidence<'_> {
    /// Reads all topics of a history.
    pub(crate) fn gather<'a>(plan: &'a Plan, sets: &'a [Set; 2], broker: Rc<RefCell<Broker>>) -> Evidence<'a> {
        let states = MonthStates::new(plan.schedule.first);
        let mut partitions = Vec::new();
        let mut events = Vec::new();
        let log = broker.borrow();
        for partition in 0..plan.partitions {
            let mut definition = Definition::new(&states);
            let mut count = 0;
            for filed in filed(&log, Topic::Events, partition) {
                match filed.what {
                    Record::Batch(batch) => {
                        count += batch.events.len() as u64;
                        definition.batch(&batch, filed.appended);
                    }
                    Record::Tick(tick) => definition.tick(tick.at, filed.appended, filed.offset),
                    Record::Registry(Entry::Fence(fence)) if fence.source == Some(EntrySource::Operator) => {
                        definition.fence(&fence.feed, &fence.id);
                    }
                    _ => {}
                }
            }
            partitions.push(definition);
            events.push(count);
        }
        let months = filed(&log, Topic::ClinicianMonths, 0);
        let registry = filed(&log, Topic::Registry, 0);
        let (runs, cards) = (runs(&log), revisions(&log));
        drop(log);
        Evidence { plan, sets, states, broker, partitions, events, months, registry, runs, cards }
    }

    /// The measures of a set by its hash.
    pub(crate) fn set_of(&self, hash: &str) -> Option<&[&'static str]> {
        self.sets.iter().find(|set| set.measures.hash().to_string() == hash).map(|set| set.names.as_slice())
    }

    /// The counting tick of a cut in a partition.
    pub(crate) fn tick_at(&self, partition: usize, at: Timestamp) -> Option<&TickState> {
        self.partitions[partition].ticks.iter().find(|tick| tick.counts && tick.at == at)
    }

    /// The tick at a position: one that counts or, in a log without its beginning, one that may count for its readers.
    pub(crate) fn tick_of(&self, partition: usize, position: u64) -> Option<&TickState> {
        let ticks = &self.partitions.get(partition)?.ticks;
        let found = ticks.binary_search_by_key(&position, |tick| tick.position).ok().map(|at| &ticks[at])?;
        (found.counts || self.lost_its_beginning()).then_some(found)
    }

    /// The ticks at the positions of a run.
    pub(crate) fn ticks_of(&self, run: &Run) -> Vec<Option<&TickState>> {
        run.positions.iter().enumerate().map(|(partition, position)| self.tick_of(partition, *position)).collect()
    }

    /// Marks in order of storage.
    pub(crate) fn marks(&self) -> impl Iterator<Item = (&TopicRecord<Record<'static>>, &Mark)> {
        self.months.iter().filter_map(|filed| match &filed.what {
            Record::Mark(mark) => Some((filed, mark)),
            _ => None,
        })
    }

    /// The published runs.
    pub(crate) fn published(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().map(|filed| &filed.what).filter(|run| run.outcome == Outcome::Published)
    }

    /// Whether a cut was skipped.
    pub(crate) fn skipped(&self) -> bool {
        self.runs.iter().any(|filed| filed.what.outcome != Outcome::Published)
    }

    /// The first month that is complete by the marks of all partitions up to a run.
    pub(crate) fn whole_from(&self, positions: &[u64]) -> Month {
        if !self.lost_its_beginning() {
            return Month::EARLIEST;
        }
        let is_partial = |mark: &Mark| {
            self.tick_of(mark.partition as usize, mark.position).is_some_and(|tick| mark.open_from > tick.open_from)
        };
        let before = |mark: &Mark| positions.get(mark.partition as usize).is_some_and(|position| mark.position <= *position);
        let frozen = self.marks().map(|(_, mark)| mark).filter(|mark| before(mark) && is_partial(mark));
        frozen.map(|mark| mark.open_from).max().unwrap_or(Month::EARLIEST)
    }

    /// Whether the log lost records that were still needed.
    pub(crate) fn lost_its_beginning(&self) -> bool {
        self.plan.retention == Retention::Early && (0..self.plan.partitions).any(|partition| self.start_of(partition) > 0)
    }

    /// Whether the log lost any part of its beginning.
    pub(crate) fn lost_anything(&self) -> bool {
        (0..self.plan.partitions).any(|partition| self.start_of(partition) > 0)
    }

    /// The first offset of a partition of events.
    pub(crate) fn start_of(&self, partition: u32) -> u64 {
        self.broker
            .borrow()
            .partition(Topic::Events, partition)
            .map_or(0, crate::simulation::log::partition_log::PartitionLog::start)
    }
}

/// All records that a partition ever had, decoded.
pub(crate) fn filed(broker: &Broker, topic: Topic, partition: u32) -> Vec<TopicRecord<Record<'static>>> {
    let decode = |stored: &crate::simulation::log::partition_log::StoredBytes| TopicRecord {
        offset: stored.offset,
        sequence: stored.sequence,
        appended: stored.appended,
        what: codec::avro::encoding::decode(&stored.bytes).into_owned(),
    };
    broker.journal(topic, partition).iter().map(decode).collect()
}

/// Run records in order of storage.
pub(crate) fn runs(broker: &Broker) -> Vec<TopicRecord<Run>> {
    let run = |one: TopicRecord<Record<'static>>| match one.what {
        Record::Run(run) => Some(TopicRecord { offset: one.offset, sequence: one.sequence, appended: one.appended, what: run }),
        _ => None,
    };
    filed(broker, Topic::Runs, 0).into_iter().filter_map(run).collect()
}

/// Revisions in order of storage.
fn revisions(broker: &Broker) -> Vec<TopicRecord<Scorecard>> {
    let card = |one: TopicRecord<Record<'static>>| match one.what {
        Record::Scorecard(card) => {
            Some(TopicRecord { offset: one.offset, sequence: one.sequence, appended: one.appended, what: *card })
        }
        _ => None,
    };
    let all = (0..6).flat_map(|partition| filed(broker, Topic::ScorecardRevisions, partition));
    let mut cards: Vec<TopicRecord<Scorecard>> = all.filter_map(card).collect();
    cards.sort_by_key(|card| card.sequence);
    cards
}
