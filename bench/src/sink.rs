//! A log that encodes records and drops them: it shows the cost of intake without a disk or a broker. It keeps the registry, because
//! intake reads back the rules of feeds.

use std::ops::{ControlFlow, Range};

use codec::avro::encoding;
use scorecard::event::Event;
use scorecard::record::log_record::Record;
use scorecard::time::calendar::Timestamp;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

/// The log.
#[derive(Debug, Default)]
pub struct Sink {
    buffer: Vec<u8>,
    registry: Vec<Record<'static>>,
    /// Encoded bytes.
    pub bytes: u64,
}

impl Log for Sink {
    fn read(
        &mut self,
        topic: Topic,
        _: u32,
        from: u64,
        _: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        let end = self.bounds(topic, 0)?.end;
        for (offset, record) in (0..end).zip(&self.registry).filter(|(offset, _)| *offset >= from) {
            let _ = each(LogEntry { offset, appended: Timestamp(0), key: "", record: record.clone() });
        }
        Ok(end.max(from))
    }

    fn bounds(&mut self, topic: Topic, _: u32) -> Result<Range<u64>, LogError> {
        Ok(0..if topic == Topic::Registry { self.registry.len() as u64 } else { 0 })
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, _: u32, _: &str, record: &Record<'_>) -> Result<(), LogError> {
        if topic == Topic::Registry {
            self.registry.push(record.clone().into_owned());
        }
        self.buffer.clear();
        encoding::encode(record, &mut self.buffer).map_err(|error| LogError::unencodable(topic, error))?;
        self.bytes += self.buffer.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn fence(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        fill(&mut |topic, partition, key, record| self.append(topic, partition, key, record))
    }
}
