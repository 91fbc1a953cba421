//! The registry as of a cut: publish writes its own ticks into the registry topic, so every publisher reads the same entries.

use std::ops::ControlFlow;

use scorecard::record::log_record::{Record, Tick};
use scorecard::registry::directory::Directory;
use scorecard::time::calendar::Timestamp;

use crate::limits::RECORDS_PER_READ;
use crate::log::{Log, LogError, Topic};

/// The directory, and the offset up to which the registry is applied.
#[derive(Debug)]
pub(crate) struct Register {
    pub directory: Directory,
    /// Offset of the next record.
    pub position: u64,
}

/// The registry at a cut.
#[derive(Debug)]
pub(crate) struct AsOf {
    /// The directory before this cut, if the cut applied an entry that can change a card.
    pub before: Option<Directory>,
    /// Offset of the cut's tick.
    pub position: u64,
}

impl Register {
    pub(crate) fn new(log: &mut impl Log) -> Result<Register, LogError> {
        Ok(Register { directory: Directory::default(), position: log.bounds(Topic::Registry, 0)?.start })
    }

    /// Applies entries up to the first tick of this cut. Writes the tick if no earlier publisher did.
    pub(crate) fn advance(&mut self, log: &mut impl Log, cut: Timestamp) -> Result<AsOf, LogError> {
        let mut before = None;
        loop {
            if let Some(position) = self.apply(log, Some(cut), u64::MAX, &mut before)? {
                return Ok(AsOf { before, position });
            }
            log.append(Topic::Registry, 0, "tick", &Record::Tick(Tick { at: cut }))?;
            log.flush()?;
        }
    }

    /// Applies entries up to this offset.
    pub(crate) fn resume(&mut self, log: &mut impl Log, until: u64) -> Result<(), LogError> {
        self.apply(log, None, until, &mut None).map(|_| ())
    }

    /// Applies entries up to the first tick of `cut` or up to offset `until`, whichever comes first. Returns the tick's offset.
    fn apply(
        &mut self,
        log: &mut impl Log,
        cut: Option<Timestamp>,
        until: u64,
        before: &mut Option<Directory>,
    ) -> Result<Option<u64>, LogError> {
        let Register { directory, position } = self;
        let mut found = None;
        loop {
            let next = log.read(Topic::Registry, 0, *position, RECORDS_PER_READ, &mut |entry| {
                match entry.record {
                    Record::Tick(tick) if cut.is_some_and(|cut| tick.at >= cut) => found = Some(entry.offset),
                    Record::Registry(change) if entry.offset <= until => {
                        if change.affects_cards() {
                            before.get_or_insert_with(|| directory.clone());
                        }
                        directory.apply(&change);
                    }
                    _ => {}
                }
                let done = found.is_some() || entry.offset >= until;
                if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let at_end = next == *position;
            *position = next;
            if found.is_some() || at_end || next > until {
                return Ok(found);
            }
        }
    }
}
