//! A log that encodes records and drops them: it shows the cost of intake without a disk or a broker.

use std::ops::{ControlFlow, Range};

use codec::avro::encoding;
use scorecard::event::Event;
use scorecard::record::log_record::Record;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

/// The log.
#[derive(Debug, Default)]
pub struct Sink {
    buffer: Vec<u8>,
    /// Encoded bytes.
    pub bytes: u64,
}

impl Log for Sink {
    fn read(
        &mut self,
        _: Topic,
        _: u32,
        from: u64,
        _: usize,
        _: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        Ok(from)
    }

    fn bounds(&mut self, _: Topic, _: u32) -> Result<Range<u64>, LogError> {
        Ok(0..0)
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, _: u32, _: &str, record: &Record<'_>) -> Result<(), LogError> {
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
