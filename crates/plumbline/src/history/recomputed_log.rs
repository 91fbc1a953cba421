//! A log that reads events and registry from another log, and keeps everything that is computed from them in its own.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use scorecard::event::Event;
use scorecard::record::log_record::Record;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

use crate::log::any_log::AnyLog;
use crate::log::local_log::LocalLog;

/// The log of a recomputation: the tasks of a deployment run again, and its own log is only read.
#[derive(Clone, Debug)]
pub struct RecomputedLog {
    source: AnyLog,
    result: LocalLog,
    ended: Arc<AtomicBool>,
}

impl RecomputedLog {
    /// Reads events and registry from `source`; rows and cards go to `result`.
    #[must_use]
    pub fn new(source: AnyLog, result: LocalLog) -> RecomputedLog {
        RecomputedLog { source, result, ended: Arc::default() }
    }

    /// The log of computed records.
    #[must_use]
    pub fn result(&self) -> LocalLog {
        self.result.clone()
    }

    /// Whether publish has reached the end: the first cut whose tick the registry does not hold yet. An error of publish is then
    /// expected.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

fn is_source(topic: Topic) -> bool {
    matches!(topic, Topic::Events | Topic::Registry)
}

impl Log for RecomputedLog {
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        if is_source(topic) {
            self.source.read(topic, partition, from, most, each)
        } else {
            self.result.read(topic, partition, from, most, each)
        }
    }

    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError> {
        if is_source(topic) { self.source.bounds(topic, partition) } else { self.result.bounds(topic, partition) }
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        self.result.pack(event, to)
    }

    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError> {
        if is_source(topic) {
            self.ended.store(true, Ordering::Release);
            return Err(LogError::ReadOnly { topic: topic.name() });
        }
        self.result.append(topic, partition, key, record)
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.result.flush()
    }

    fn fence(&mut self) -> Result<(), LogError> {
        self.result.fence()
    }

    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        self.result.append_atomically(fill)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::local_log::Durability;
    use crate::process::clock::Clock;
    use scorecard::record::log_record::Tick;
    use scorecard::time::calendar::Timestamp;

    #[test]
    fn the_source_is_never_written() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| LocalLog::open(&dir.path().join(name), Clock::System, Durability::Buffered).unwrap();
        let (mut source, result) = (open("source"), open("result"));
        let tick = Record::Tick(Tick { at: Timestamp(0) });
        source.append(Topic::Events, 0, "tick", &tick).unwrap();
        source.flush().unwrap();
        let mut log = RecomputedLog::new(AnyLog::Local(source.clone()), result);
        assert_eq!(log.bounds(Topic::Events, 0).unwrap(), 0..1);
        assert!(!log.has_ended() && log.append(Topic::Registry, 0, "tick", &tick).is_err() && log.has_ended());
        log.append(Topic::ClinicianMonths, 0, "0|1", &tick).unwrap();
        log.flush().unwrap();
        assert_eq!(source.bounds(Topic::Registry, 0).unwrap(), 0..0);
        assert_eq!(source.bounds(Topic::ClinicianMonths, 0).unwrap(), 0..0);
        assert_eq!(log.bounds(Topic::ClinicianMonths, 0).unwrap(), 0..1);
    }
}
