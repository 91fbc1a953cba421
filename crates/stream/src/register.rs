//! The registry as of publish's own ticks: who is who at a cut, whoever publishes it.

use std::ops::ControlFlow;

use scorecard::record::log_record::{Record, Tick};
use scorecard::registry::directory::Directory;
use scorecard::time::calendar::Timestamp;

use crate::log::{Log, LogError, Topic};

/// The directory, and how far the registry was read.
#[derive(Debug)]
pub(crate) struct Register {
    pub directory: Directory,
    pub read: u64,
}

/// What a cut found in the registry.
#[derive(Debug)]
pub(crate) struct AsOf {
    /// The directory as it was before this cut, if an entry was applied.
    pub before: Option<Directory>,
    /// Offset of the cut's tick.
    pub position: u64,
}

impl Register {
    pub(crate) fn new(log: &mut impl Log) -> Result<Register, LogError> {
        Ok(Register { directory: Directory::default(), read: log.bounds(Topic::Registry, 0)?.start })
    }

    /// Applies entries up to the first tick of this cut, which is written if no earlier publisher did.
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
    pub(crate) fn resume(&mut self, log: &mut impl Log, position: u64) -> Result<(), LogError> {
        self.apply(log, None, position, &mut None).map(|_| ())
    }

    /// Applies entries up to the first tick of `cut` or up to an offset, whichever comes first. Returns the tick's offset.
    fn apply(
        &mut self,
        log: &mut impl Log,
        cut: Option<Timestamp>,
        until: u64,
        before: &mut Option<Directory>,
    ) -> Result<Option<u64>, LogError> {
        let Register { directory, read } = self;
        let mut found = None;
        loop {
            let next = log.read(Topic::Registry, 0, *read, 10_000, &mut |lent| {
                match lent.record {
                    Record::Tick(tick) if cut.is_some_and(|cut| tick.at >= cut) => found = Some(lent.offset),
                    Record::Registry(entry) if lent.offset <= until => {
                        before.get_or_insert_with(|| directory.clone());
                        directory.apply(&entry);
                    }
                    _ => {}
                }
                let done = found.is_some() || lent.offset >= until;
                if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            let stuck = next == *read;
            *read = next;
            if found.is_some() || stuck || next > until {
                return Ok(found);
            }
        }
    }
}
