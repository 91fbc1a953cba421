//! A task's handle on the simulated log. Every call suspends the task, and the driver decides whether the call succeeds, fails in
//! some way, or never returns.

use std::cell::RefCell;
use std::ops::{ControlFlow, Range};
use std::rc::Rc;

use corosensei::Yielder;
use scorecard::event::Event;
use scorecard::record::log_record::Record;
use stream::log::{Fill, Log, LogEntry, LogError, Topic};

use crate::simulation::log::broker::{Broker, Writer, flying};
use crate::simulation::log::fault::{Kind, Mishap};
use crate::simulation::log::partition_log::StoredBytes;

/// A call that a task is about to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Read(Topic, u32),
    Bounds,
    Append(Topic),
    Flush,
    Fence,
    Transaction(usize),
    /// No call: the task has no work.
    Rest,
}

/// The driver's decision about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    On(Option<Mishap>),
    /// The instance has crashed: no call of it has any effect from now on.
    Crashed,
}

/// The coroutine's side of the exchange between a task and the driver.
pub(crate) type TaskYielder = Yielder<Go, Call>;

/// A handle on the simulated log.
pub(crate) struct Handle<'y> {
    broker: Rc<RefCell<Broker>>,
    writer: Writer,
    epoch: u64,
    yielder: Option<&'y TaskYielder>,
    crashed: bool,
}

impl<'y> Handle<'y> {
    /// A handle that suspends at every call.
    pub(crate) fn driven(broker: Rc<RefCell<Broker>>, writer: Writer, yielder: &'y TaskYielder) -> Handle<'y> {
        Handle { broker, writer, epoch: 0, yielder: Some(yielder), crashed: false }
    }

    /// A handle to a log that never fails.
    pub(crate) fn calm(broker: Rc<RefCell<Broker>>, writer: Writer) -> Handle<'static> {
        Handle { broker, writer, epoch: 0, yielder: None, crashed: false }
    }

    fn ask(&mut self, call: Call) -> Result<Option<Mishap>, LogError> {
        let Some(yielder) = self.yielder else { return Ok(None) };
        if self.crashed {
            return Err(failed("the instance has crashed"));
        }
        match yielder.suspend(call) {
            Go::On(mishap) => Ok(mishap),
            Go::Crashed => {
                self.crashed = true;
                Err(failed("the instance has crashed"))
            }
        }
    }

    /// The number of records that a read returns: a short read returns a third of them. A stale read of a polled topic misses the
    /// newest ones.
    fn visible(mishap: Option<Mishap>, topic: Topic, records: &[StoredBytes], end: u64) -> usize {
        let polled = matches!(topic, Topic::Events | Topic::ClinicianMonths);
        match mishap {
            Some(Mishap::Short) => records.len().div_ceil(3),
            Some(Mishap::Stale) if polled => records.partition_point(|stored| stored.offset + 3 < end),
            _ => records.len(),
        }
    }
}

fn failed(why: &str) -> LogError {
    LogError::failed("a call of the simulated log failed", why)
}

fn unacknowledged(call: &str) -> LogError {
    LogError::Unacknowledged { what: format!("the simulated log received {call}"), source: None }
}

impl Log for Handle<'_> {
    fn read(
        &mut self,
        topic: Topic,
        partition: u32,
        from: u64,
        most: usize,
        each: &mut dyn FnMut(LogEntry<'_>) -> ControlFlow<()>,
    ) -> Result<u64, LogError> {
        let mishap = self.ask(Call::Read(topic, partition))?;
        if mishap == Some(Mishap::Failed) {
            self.broker.borrow_mut().bites.bite(Kind::ReadFailed);
            return Err(failed("a read failed"));
        }
        let (there, visible) = {
            let broker = self.broker.borrow();
            let Some(held) = broker.partition(topic, partition) else { return Ok(from) };
            let records = held.from(from);
            let records = &records[..records.len().min(most)];
            (records.len(), Handle::visible(mishap, topic, records, held.end()))
        };
        if visible < there {
            let kind = if mishap == Some(Mishap::Stale) { Kind::ReadStale } else { Kind::ReadShort };
            self.broker.borrow_mut().bites.bite(kind);
        }
        let broker = self.broker.borrow();
        let records = broker.partition(topic, partition).map_or(&[][..], |held| held.from(from));
        let mut next = from;
        for stored in &records[..visible] {
            next = stored.offset + 1;
            let record = codec::avro::encoding::decode(&stored.bytes);
            let lent = LogEntry { offset: stored.offset, appended: stored.appended, key: &stored.key, record };
            if each(lent).is_break() {
                break;
            }
        }
        Ok(next)
    }

    fn bounds(&mut self, topic: Topic, partition: u32) -> Result<Range<u64>, LogError> {
        if self.ask(Call::Bounds)? == Some(Mishap::Failed) {
            return Err(failed("the bounds are unavailable"));
        }
        let broker = self.broker.borrow();
        Ok(broker.partition(topic, partition).map_or(0..0, |held| held.start()..held.end()))
    }

    fn pack(&self, event: &Event<'_>, to: &mut Vec<u8>) -> Result<(), LogError> {
        codec::avro::encoding::pack(event, to).map_err(|error| LogError::unencodable(Topic::Events, error))
    }

    fn append(&mut self, topic: Topic, partition: u32, key: &str, record: &Record<'_>) -> Result<(), LogError> {
        let mishap = self.ask(Call::Append(topic))?;
        let one = flying(topic, partition, key, record, self.writer);
        let mut broker = self.broker.borrow_mut();
        broker.bite_if_superseded(self.writer);
        if let Record::Tick(tick) = record
            && tick.at > broker.now
        {
            broker.bites.bite(Kind::ClockAhead);
        }
        match mishap {
            Some(Mishap::Refused) => {
                broker.bites.bite(Kind::AppendRefused);
                return Err(failed("the append failed"));
            }
            Some(Mishap::Unknown) => {
                broker.bites.bite(Kind::AppendUnknown);
                broker.buffer(one);
                return Err(unacknowledged("an append"));
            }
            Some(Mishap::Twice) => {
                broker.bites.bite(Kind::AppendTwice);
                broker.buffer(one.clone());
            }
            _ => {}
        }
        broker.buffer(one);
        if self.yielder.is_none() {
            broker.send(self.writer, usize::MAX);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        let mishap = self.ask(Call::Flush)?;
        let mut broker = self.broker.borrow_mut();
        let there = broker.buffered(self.writer);
        if there == 0 {
            return Ok(());
        }
        let (kind, text) = match mishap {
            Some(Mishap::Partly) if there > 1 => {
                let first = 1 + broker.random.index(there - 1);
                broker.send(self.writer, first);
                broker.lose(self.writer);
                (Kind::FlushPartly, "flush timed out with a part stored")
            }
            Some(Mishap::Partly | Mishap::Lost) => {
                broker.lose(self.writer);
                (Kind::FlushLost, "flush lost")
            }
            Some(Mishap::WithGaps) => {
                broker.send_with_gaps(self.writer);
                (Kind::FlushWithGaps, "flush with gaps")
            }
            Some(Mishap::InFlight) => {
                broker.let_fly(self.writer);
                return Err(unacknowledged("a flush"));
            }
            Some(Mishap::Unknown) => {
                broker.send(self.writer, usize::MAX);
                (Kind::FlushUnknown, "flush of unknown outcome")
            }
            _ => {
                broker.send(self.writer, usize::MAX);
                return Ok(());
            }
        };
        broker.bites.bite(kind);
        Err(failed(text))
    }

    fn fence(&mut self) -> Result<(), LogError> {
        let mishap = self.ask(Call::Fence)?;
        let mut broker = self.broker.borrow_mut();
        match mishap {
            Some(Mishap::Failed) => return Err(failed("the fence failed")),
            Some(Mishap::Unknown) => {
                broker.fence();
                broker.bites.bite(Kind::FenceUnknown);
                return Err(unacknowledged("a fence"));
            }
            _ => self.epoch = broker.fence(),
        }
        Ok(())
    }

    fn append_atomically(&mut self, fill: &mut Fill<'_>) -> Result<(), LogError> {
        let mut records = Vec::new();
        fill(&mut |topic, partition, key, record| {
            records.push(flying(topic, partition, key, record, self.writer));
            Ok(())
        })?;
        let mishap = self.ask(Call::Transaction(records.len()))?;
        let mut broker = self.broker.borrow_mut();
        broker.bite_if_superseded(self.writer);
        if broker.is_fenced(self.epoch) {
            broker.bites.bite(Kind::TransactionFenced);
            return Err(LogError::Fenced);
        }
        let (kind, text) = match mishap {
            Some(Mishap::Lost) => (Kind::TransactionAborted, "transaction aborted"),
            Some(Mishap::InFlight) => {
                broker.leave_open(self.epoch, records);
                return Err(unacknowledged("a transaction"));
            }
            Some(Mishap::Unknown) => {
                broker.commit(records);
                (Kind::TransactionUnknown, "transaction of unknown outcome")
            }
            _ => {
                broker.commit(records);
                return Ok(());
            }
        };
        broker.bites.bite(kind);
        Err(failed(text))
    }
}
