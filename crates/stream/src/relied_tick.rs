//! The ticks that a published result relies on: the log must hold each of them at its offset.

use std::ops::ControlFlow;

use scorecard::record::log_record::{Mark, Record, Run};
use scorecard::time::calendar::Timestamp;

use crate::log::{Log, LogError, Topic};
use crate::log_loss::{LogLoss, Reliance};

/// A tick that a result has read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReliedTick {
    topic: Topic,
    partition: u32,
    position: u64,
    at: Timestamp,
    reliance: Reliance,
}

impl ReliedTick {
    /// The tick of a mark.
    pub(crate) fn of_mark(mark: &Mark) -> ReliedTick {
        ReliedTick::of_events(mark.partition, mark.position, mark.at, Reliance::Mark(mark.at))
    }

    /// A tick in `events`.
    pub(crate) fn of_events(partition: u32, position: u64, at: Timestamp, reliance: Reliance) -> ReliedTick {
        ReliedTick { topic: Topic::Events, partition, position, at, reliance }
    }

    /// The ticks of a published run: one in each partition of `events`, and its own in the registry.
    pub(crate) fn of_run(run: &Run) -> Vec<ReliedTick> {
        let reliance = Reliance::Run(run.at);
        let events = (0u32..).zip(&run.positions);
        let mut ticks: Vec<ReliedTick> =
            events.map(|(partition, position)| ReliedTick::of_events(partition, *position, run.at, reliance)).collect();
        let (partition, position) = (0, run.registry_position);
        ticks.push(ReliedTick { topic: Topic::Registry, partition, position, at: run.at, reliance });
        ticks
    }

    /// Checks that the partition does not end below the tick.
    ///
    /// # Errors
    /// [`LogLoss::End`]. Retention may have deleted the tick, which is no loss of this kind [9].
    pub(crate) fn check_end(&self, log: &mut impl Log) -> Result<(), LogError> {
        self.is_there(log).map(drop)
    }

    /// Checks that the log holds this tick.
    ///
    /// # Errors
    /// [`LogLoss::End`] or [`LogLoss::Replaced`].
    pub(crate) fn check(&self, log: &mut impl Log) -> Result<(), LogError> {
        if self.is_there(log)? && self.holds_another(log)? {
            let ReliedTick { topic, partition, position, at, reliance } = *self;
            return Err(LogLoss::Replaced { topic: topic.name(), partition, position, at, reliance }.into());
        }
        Ok(())
    }

    /// Whether the offset of the tick is within the bounds of the partition. False where retention deleted it.
    fn is_there(&self, log: &mut impl Log) -> Result<bool, LogError> {
        let ReliedTick { topic, partition, position, reliance, .. } = *self;
        let bounds = log.bounds(topic, partition)?;
        if bounds.end <= position {
            return Err(LogLoss::End { topic: topic.name(), partition, end: bounds.end, position, reliance }.into());
        }
        Ok(bounds.start <= position)
    }

    /// Whether another record is at the offset. A read that returns nothing proves nothing.
    fn holds_another(&self, log: &mut impl Log) -> Result<bool, LogError> {
        let mut another = false;
        log.read(self.topic, self.partition, self.position, 1, &mut |entry| {
            let is_ours = match entry.record {
                // A publisher that crashed may have written the tick of a later cut first.
                Record::Tick(tick) if self.topic == Topic::Registry => tick.at >= self.at,
                Record::Tick(tick) => tick.at == self.at,
                _ => false,
            };
            another = entry.offset != self.position || !is_ours;
            ControlFlow::Break(())
        })?;
        // Retention may have deleted the tick since the bounds were read.
        Ok(another && log.bounds(self.topic, self.partition)?.start <= self.position)
    }
}
